<?php // anywhere in your app: sends an event to every page that has joined the channel
require_once 'session-socket.php';

session_write_close(); // if a session is open: a page that waits for the network should hold no lock
$fault = SessionSocket\publish($credentials, getenv('SESSION_SOCKET_API_URL'), 'private-orders-42', 'order-shipped', [
    'order' => 1234,
    'by' => 'express',
]);
if ($fault !== null) {
    error_log("Not published: $fault");
}
