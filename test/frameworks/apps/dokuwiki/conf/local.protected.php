<?php // conf/local.protected.php; Debian: /etc/dokuwiki/local.protected.php

define('SESSION_SOCKET', [
    'app_id' => getenv('SESSION_SOCKET_APP_ID'),
    'key' => getenv('SESSION_SOCKET_KEY'),
    'secret' => getenv('SESSION_SOCKET_SECRET'),
]);
define('SESSION_SOCKET_API_URL', (string) getenv('SESSION_SOCKET_API_URL'));
