<?php // router.php: php -S 127.0.0.1:8000 router.php

if (strtok($_SERVER['REQUEST_URI'], '?') === '/getSessionID') {
    require __DIR__ . '/getSessionID.php';
    return true;
}
return false; // everything else as without this file
