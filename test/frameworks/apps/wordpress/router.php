<?php

/** For php -S what a web server's rewrite rule is: a file that there is, else index.php. */

$path = strtok($_SERVER['REQUEST_URI'], '?');
if ($path !== '/' && is_file($_SERVER['DOCUMENT_ROOT'] . $path)) {
    return false;
}
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
