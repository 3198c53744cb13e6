<?php

/** For php -S what a web server is. */

$path = strtok($_SERVER['REQUEST_URI'], '?');
$scripts = ['/' => '/index.php', '/getSessionID' => '/getSessionID.php'];
$script = $scripts[$path] ?? preg_replace('~(?<=\.php)/.*~', '', $path);
if (substr($script, -4) !== '.php') {
    return false;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $script;
$_SERVER['PATH_INFO'] = substr($path, strlen($script));
chdir($_SERVER['DOCUMENT_ROOT']);
require $_SERVER['DOCUMENT_ROOT'] . $script;
