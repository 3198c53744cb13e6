<?php // wp-content/mu-plugins/sockets.php, beside session-socket.php; SESSION_SOCKET and its API_URL are in wp-config.php

add_action('init', function () {
    if (strtok($_SERVER['REQUEST_URI'], '?') !== wp_parse_url(home_url('/getSessionID'), PHP_URL_PATH)) {
        return;
    }
    $userId = wp_validate_auth_cookie('', 'logged_in');
    $login = $userId ? wp_parse_auth_cookie('', 'logged_in') : null;
    $identity = $login === null ? null : [
        'userId' => (string) $userId,
        'userInfo' => ['name' => get_userdata($userId)->display_name],
        'expiresAt' => (int) $login['expiration'],
    ];
    $server = wp_unslash($_SERVER); // WordPress adds slashes to it, and the signature is over what was sent
    SessionSocket\send(SessionSocket\respond(SESSION_SOCKET, $server, $login['token'] ?? '', LOGGED_IN_COOKIE, $identity));
    exit;
});

add_action('wp_logout', function ($userId) { // the login has ended, and this request still has its cookie
    $token = wp_get_session_token();
    $fault = SessionSocket\close_session(SESSION_SOCKET, SESSION_SOCKET_API_URL, $token, (string) $userId);
    if ($fault !== null) {
        error_log("Sockets may be open: $fault");
    }
});
