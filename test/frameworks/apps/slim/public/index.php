<?php

declare(strict_types=1);

/** A Slim app with one user. The pages open PHP's session by a middleware of theirs. */

use Psr\Http\Message\ResponseInterface as Response;
use Psr\Http\Message\ServerRequestInterface as Request;
use Slim\Factory\AppFactory;
use Slim\Routing\RouteCollectorProxy;

require __DIR__ . '/../vendor/autoload.php';

$app = AppFactory::create();
$app->addErrorMiddleware(false, true, false);

$startSession = function (Request $request, $handler): Response {
    session_start(['use_strict_mode' => 1]);
    return $handler->handle($request);
};

$app->group('', function (RouteCollectorProxy $pages) {
    $pages->get('/', function (Request $request, Response $response) {
        $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
        $response->getBody()->write('<form method="post" action="/logout"><button>Log out</button></form>');
        return $response;
    });
    $pages->get('/login', function (Request $request, Response $response) {
        $response->getBody()->write('<form method="post"><input name="name"><input name="password"></form>');
        return $response;
    });
    $pages->post('/login', function (Request $request, Response $response) {
        if ($request->getParsedBody() !== ['name' => 'ada', 'password' => 'lovelace']) {
            return $response->withStatus(403);
        }
        session_regenerate_id(true);
        $_SESSION['user'] = 'ada';
        return $response->withHeader('Location', '/')->withStatus(303);
    });
})->add($startSession);

(require __DIR__ . '/../app/sockets.php')($app, $startSession);

$app->run();
