<?php // at the end of LocalSettings.php, with session-socket.php beside it

require_once __DIR__ . '/session-socket.php';
define('SESSION_SOCKET', [
    'app_id' => getenv('SESSION_SOCKET_APP_ID'),
    'key' => getenv('SESSION_SOCKET_KEY'),
    'secret' => getenv('SESSION_SOCKET_SECRET'),
]);
define('SESSION_SOCKET_API_URL', (string) getenv('SESSION_SOCKET_API_URL'));

$wgHooks['UserLogout'][] = function ($user) {
    [$sessionId, $userId] = [$user->getRequest()->getSession()->getId(), (string) $user->getId()];
    DeferredUpdates::addCallableUpdate(function () use ($sessionId, $userId) { // first the session, then its sockets
        $fault = SessionSocket\close_session(SESSION_SOCKET, SESSION_SOCKET_API_URL, $sessionId, $userId);
        if ($fault !== null) {
            error_log("Sockets may be open: $fault");
        }
    });
};
