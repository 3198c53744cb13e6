<?php // publish.php: sends an event to every page on the channel "news"
require_once __DIR__ . '/session-socket.php';

PHP_SAPI === 'cli' || exit; // no visitor may run it
$apiUrl = getenv('SESSION_SOCKET_API_URL');
$fault = SessionSocket\publish(require __DIR__ . '/credentials.php', $apiUrl, 'news', 'greeting', ['text' => 'Hello']);
echo $fault ?? "Published.\n";
