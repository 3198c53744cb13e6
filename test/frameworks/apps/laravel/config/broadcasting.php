<?php // config/broadcasting.php: Laravel's own driver for Pusher, with the address of the gateway's HTTP API

$api = parse_url((string) env('SESSION_SOCKET_API_URL')) + ['scheme' => 'https', 'host' => '', 'port' => 443];

return [
    'default' => env('BROADCAST_CONNECTION', 'pusher'),
    'connections' => [
        'pusher' => [
            'driver' => 'pusher',
            'app_id' => env('SESSION_SOCKET_APP_ID'),
            'key' => env('SESSION_SOCKET_KEY'),
            'secret' => env('SESSION_SOCKET_SECRET'),
            'options' => ['scheme' => $api['scheme'], 'host' => $api['host'], 'port' => $api['port']],
        ],
    ],
];
