<?php // getSessionID.php: gives the page a ticket, and tells the gateway which user is logged in
require_once __DIR__ . '/session-socket.php';

SessionSocket\answer(require __DIR__ . '/credentials.php', function () {
    return isset($_SESSION['user']) ? ['userId' => (string) $_SESSION['user']] : null; // as your login sets it
});
