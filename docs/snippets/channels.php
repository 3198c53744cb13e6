<?php // getSessionID.php: which channels the user may join without a signature of their own
require_once 'session-socket.php';

SessionSocket\answer(require 'credentials.php', function () {
    $user = $_SESSION['user'] ?? null; // whatever your login sets
    return $user === null ? null : [
        'userId' => (string) $user,
        'userInfo' => ['name' => "Visitor $user"], // what the others on presence channels see
        'channels' => ["private-orders-$user", 'private-team-*', 'presence-room'],
    ];
});
