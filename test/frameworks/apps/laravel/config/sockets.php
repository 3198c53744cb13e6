<?php // config/sockets.php

return [
    'credentials' => [
        'app_id' => env('SESSION_SOCKET_APP_ID'),
        'key' => env('SESSION_SOCKET_KEY'),
        'secret' => env('SESSION_SOCKET_SECRET'),
        'previous_secret' => env('SESSION_SOCKET_PREVIOUS_SECRET'),
    ],
    'api_url' => env('SESSION_SOCKET_API_URL'),
];
