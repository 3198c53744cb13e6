<?php

/** For php -S what a web server and Debian's file system are. */

$debian = dirname($_SERVER['DOCUMENT_ROOT'], 3);

// DokuWiki's own settings for its folders (https://www.dokuwiki.org/devel:preload), which Debian's lead to /etc.
define('DOKU_MAIN_CONF', "$debian/etc/dokuwiki/");
define('DOKU_CONF', __DIR__ . '/conf/');

// Debian's DokuWiki requires php-phpseclib by its absolute path, from where it is not installed.
$GLOBALS['__composer_autoload_files'][md5('phpseclib/phpseclib:phpseclib/bootstrap.php')] = true;
spl_autoload_register(static function (string $class) use ($debian): void {
    $file = "$debian/usr/share/php/" . strtr($class, '\\', '/') . '.php';
    if (strncmp($class, 'phpseclib\\', 10) === 0 && is_file($file)) {
        require $file;
    }
});

$path = strtok($_SERVER['REQUEST_URI'], '?');
$pages = ['/' => '/doku.php', '/getSessionID' => '/lib/plugins/sessionsocket/getSessionID.php'];
$_SERVER['SCRIPT_NAME'] = $pages[$path] ?? $path;
if (substr($_SERVER['SCRIPT_NAME'], -4) !== '.php') {
    return false;
}
chdir(dirname($_SERVER['DOCUMENT_ROOT'] . $_SERVER['SCRIPT_NAME']));
require $_SERVER['DOCUMENT_ROOT'] . $_SERVER['SCRIPT_NAME'];
