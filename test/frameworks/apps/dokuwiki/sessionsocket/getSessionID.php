<?php // lib/plugins/sessionsocket/getSessionID.php, beside session-socket.php

const NOSESSION = true; // answer() opens the session itself, so that a question does not keep it alive
require_once __DIR__ . '/../../../inc/init.php';
require_once __DIR__ . '/session-socket.php';

session_name('DokuWiki');
SessionSocket\answer(SESSION_SOCKET, function () {
    global $conf;
    $user = $_SESSION[DOKU_COOKIE]['auth']['user'] ?? '';
    $auth = plugin_load('auth', $conf['authtype']);
    $info = $user === '' ? false : $auth->getUserData($user);
    if (!$info) {
        return null;
    }
    if (!isset($_SERVER['HTTP_X_SESSION_SOCKET'])) { // a page has the login cookie too, and the gateway must not have it
        [$name, $isSticky, $password] = auth_getCookie();
        $salt = auth_cookiesalt(!$isSticky, true);
        if ($name !== $user || !$auth->checkPass($user, auth_decrypt($password, $salt))) {
            return null;
        }
    }
    return ['userId' => $user, 'userInfo' => ['name' => $info['name']]];
});
