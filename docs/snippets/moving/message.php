<?php // message.php: replaces socket.on('message', …) of a socket.io server; the page posts `text` and its `socket_id`
require_once 'session-socket.php';

session_start(['read_and_close' => true]);
$user = $_SESSION['user'] ?? null; // whatever your login sets
if ($user === null || $_SERVER['REQUEST_METHOD'] !== 'POST') {
    http_response_code(403);
    exit;
}
$message = ['from' => $user, 'text' => (string) ($_POST['text'] ?? '')];
$apiUrl = getenv('SESSION_SOCKET_API_URL');
$socketId = $_POST['socket_id'] ?? null; // this page shows its message itself
$fault = SessionSocket\publish(require 'credentials.php', $apiUrl, 'presence-room', 'message', $message, $socketId);
if ($fault !== null) {
    error_log("Not published: $fault");
}
http_response_code($fault === null ? 204 : 502);
