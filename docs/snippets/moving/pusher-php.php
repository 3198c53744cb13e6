<?php // where your app creates Pusher's client: only these values change

$api = parse_url((string) getenv('SESSION_SOCKET_API_URL')) + ['scheme' => 'https', 'host' => '', 'port' => 443];

$pusher = new Pusher\Pusher(
    getenv('SESSION_SOCKET_KEY'),
    getenv('SESSION_SOCKET_SECRET'),
    getenv('SESSION_SOCKET_APP_ID'),
    ['scheme' => $api['scheme'], 'host' => $api['host'], 'port' => $api['port']]
);
