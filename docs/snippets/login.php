<?php // login.php, after the password check: gives the session another id, and moves its sockets to it
require_once 'session-socket.php';

session_status() === PHP_SESSION_ACTIVE || session_start(); // without a session there is no id
$oldSessionId = session_id();
session_regenerate_id(true); // true deletes the old session
$_SESSION['user'] = $user;

$apiUrl = getenv('SESSION_SOCKET_API_URL');
$fault = SessionSocket\rebind($credentials, $apiUrl, $oldSessionId, session_id(), (string) $user);
if ($fault !== null) {
    error_log("Sockets are known by the old session id: $fault");
}
