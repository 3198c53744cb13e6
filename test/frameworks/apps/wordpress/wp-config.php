<?php

/** What a person writes into wp-config.php, with keys of the test. */

define('SESSION_SOCKET', [
    'app_id' => getenv('SESSION_SOCKET_APP_ID'),
    'key' => getenv('SESSION_SOCKET_KEY'),
    'secret' => getenv('SESSION_SOCKET_SECRET'),
]);
define('SESSION_SOCKET_API_URL', (string) getenv('SESSION_SOCKET_API_URL'));

define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . getenv('WORDPRESS_DATABASE_SOCKET'));
$table_prefix = 'wp_';

define('AUTH_KEY', getenv('WORDPRESS_KEYS') . ' auth');
define('LOGGED_IN_KEY', getenv('WORDPRESS_KEYS') . ' logged in');
define('NONCE_KEY', getenv('WORDPRESS_KEYS') . ' nonce');
define('AUTH_SALT', getenv('WORDPRESS_KEYS') . ' auth salt');
define('LOGGED_IN_SALT', getenv('WORDPRESS_KEYS') . ' logged in salt');
define('NONCE_SALT', getenv('WORDPRESS_KEYS') . ' nonce salt');

define('WP_HOME', 'http://' . ($_SERVER['HTTP_HOST'] ?? 'localhost'));
define('WP_SITEURL', WP_HOME);
define('WP_CONTENT_DIR', getenv('WORDPRESS_CONTENT'));
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);

require_once ABSPATH . 'wp-settings.php';
