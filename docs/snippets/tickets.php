<?php // getSessionID.php: gives the page a ticket, and tells the gateway who is logged in
require_once 'session-socket.php';

SessionSocket\answer([
    'app_id' => getenv('SESSION_SOCKET_APP_ID'),
    'key' => getenv('SESSION_SOCKET_KEY'),
    'secret' => getenv('SESSION_SOCKET_SECRET'),
    'previous_secret' => getenv('SESSION_SOCKET_PREVIOUS_SECRET'),
], function () {
    return isset($_SESSION['user']) ? ['userId' => (string) $_SESSION['user']] : null; // whatever your login sets
});
