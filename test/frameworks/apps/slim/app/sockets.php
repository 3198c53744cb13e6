<?php // app/sockets.php: in public/index.php (require __DIR__ . '/../app/sockets.php')($app, $startSession);

use Psr\Http\Message\ResponseInterface as Response;
use Psr\Http\Message\ServerRequestInterface as Request;
use Slim\App;

return function (App $app, callable $startSession) {
    $credentials = [
        'app_id' => getenv('SESSION_SOCKET_APP_ID'),
        'key' => getenv('SESSION_SOCKET_KEY'),
        'secret' => getenv('SESSION_SOCKET_SECRET'),
        'previous_secret' => getenv('SESSION_SOCKET_PREVIOUS_SECRET'),
    ];

    // Without the middleware that starts the session: answer() opens it itself, for reading.
    $app->get('/getSessionID', function () use ($credentials) {
        SessionSocket\answer($credentials, function () {
            return isset($_SESSION['user']) ? ['userId' => (string) $_SESSION['user']] : null; // whatever your login sets
        });
        exit;
    });

    $app->post('/logout', function (Request $request, Response $response) use ($credentials) {
        [$sessionId, $userId] = [session_id(), $_SESSION['user'] ?? null];
        $_SESSION = [];
        session_destroy();
        $fault = SessionSocket\close_session($credentials, (string) getenv('SESSION_SOCKET_API_URL'), $sessionId, $userId);
        if ($fault !== null) {
            error_log("Sockets may be open: $fault");
        }
        return $response->withHeader('Location', '/')->withStatus(303);
    })->add($startSession);
};
