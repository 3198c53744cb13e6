<?php

/** A new site with one user: php install.php <WordPress' folder> */

define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = 'localhost';

/** WordPress sends a mail otherwise. */
function wp_new_blog_notification()
{
}

require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install('Shop', 'ada', 'ada@example.com', false, '', 'lovelace');
