<?php // logout.php: ends the session first, then closes its sockets
require_once 'session-socket.php';

session_start();
$sessionId = session_id();
$userId = isset($_SESSION['user']) ? (string) $_SESSION['user'] : null; // the same as in the identity
$_SESSION = [];
session_destroy();

$fault = SessionSocket\close_session($credentials, getenv('SESSION_SOCKET_API_URL'), $sessionId, $userId);
if ($fault !== null) {
    error_log("Sockets may be open: $fault");
}
