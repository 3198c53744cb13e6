<?php // login.php, once the password was right: another id for the session, and its sockets learn of it
require_once 'session-socket.php';

session_status() === PHP_SESSION_ACTIVE || session_start(); // without a session there is no id
$oldSessionId = session_id();
session_regenerate_id(true); // the old one is worth nothing any more
$_SESSION['user'] = $user;

$apiUrl = getenv('SESSION_SOCKET_API_URL');
$fault = SessionSocket\rebind($credentials, $apiUrl, $oldSessionId, session_id(), (string) $user);
if ($fault !== null) {
    error_log("Sockets are known by the old session id: $fault");
}
