<?php

declare(strict_types=1);

require_once __DIR__ . '/../session-socket.php';

/**
 * Sessions that cost strangers nothing: none is ever started for a visitor who has none, and a page that only reads gives
 * its lock back at once, so that the socket's question never waits for it.
 */

session_name(getenv('SESSION_SOCKET_COOKIE') ?: 'PHPSESSID'); // whatever php.ini says

/** Empty for the host of the page alone; in mode `cookie` the domain that it shares with the socket. */
function cookie_domain(): string
{
    return (string) getenv('SESSION_SOCKET_COOKIE_DOMAIN');
}

function session_settings(): array
{
    // Behind a proxy that ends TLS, PHP sees plain HTTP. Believing the header can only make the cookie stricter.
    $isHttps = ($_SERVER['HTTPS'] ?? 'off') !== 'off' || ($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https';
    return [
        'use_strict_mode' => true, // an id that PHP did not give is never adopted
        'use_only_cookies' => true,
        'cookie_lifetime' => 0,
        'cookie_path' => '/',
        'cookie_domain' => cookie_domain(),
        'cookie_secure' => $isHttps,
        'cookie_httponly' => true,
        'cookie_samesite' => 'Lax',
        'cache_limiter' => '', // answer.php says no-store itself
    ];
}

/**
 * The user of the session that came with the request. A person's visit prolongs the session, as in any PHP app; the
 * socket's question must not, or an open tab would keep it alive forever.
 */
function logged_in_user(bool $isVisit = false): ?string
{
    if (!$isVisit) {
        return SessionSocket\read_session($_SERVER) === null ? null : $_SESSION['user'] ?? null;
    }
    if (!names_a_session()) {
        return null;
    }
    session_start(session_settings());
    session_write_close();
    return $_SESSION['user'] ?? null;
}

/**
 * Login: always a fresh id, so that an id known before the login is worth nothing after it.
 *
 * @return array{0: string, 1: string|null, 2: string}|null of a session that was there already: the id and the user before, and the
 *     new id
 */
function begin_session(string $user): ?array
{
    $hadOne = names_a_session();
    session_start(session_settings());
    $before = (string) session_id();
    $userBefore = $_SESSION['user'] ?? null;
    session_regenerate_id(true);
    $_SESSION = ['user' => $user];
    session_write_close();
    return $hadOne ? [$before, $userBefore, (string) session_id()] : null;
}

/** @return array{0: string, 1: string}|null the id and the user of the session that has ended */
function end_session(): ?array
{
    $ended = null;
    if (names_a_session()) {
        session_start(session_settings());
        $ended = isset($_SESSION['user']) ? [(string) session_id(), $_SESSION['user']] : null;
        $_SESSION = [];
        session_destroy();
    }
    $settings = session_settings();
    setcookie(session_name(), '', [
        'expires' => 1,
        'path' => $settings['cookie_path'],
        'domain' => $settings['cookie_domain'],
        'secure' => $settings['cookie_secure'],
        'httponly' => true,
        'samesite' => 'Lax',
    ]);
    return $ended;
}

/** So that an invented id costs no session file here either. `PHPSESSID[]=x` would make the cookie an array. */
function names_a_session(): bool
{
    $id = $_COOKIE[session_name()] ?? null;
    return is_string($id) && SessionSocket\may_exist($id);
}
