<?php // credentials.php: what your app shares with the gateway
return [
    'app_id' => getenv('SESSION_SOCKET_APP_ID'),
    'key' => getenv('SESSION_SOCKET_KEY'),
    'secret' => getenv('SESSION_SOCKET_SECRET'),
];
