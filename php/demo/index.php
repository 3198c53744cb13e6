<?php

declare(strict_types=1);

/**
 * The demo: an ordinary PHP site whose logged-in visitors may open the socket.
 *
 *     SESSION_SOCKET_URL=ws://127.0.0.1:4000/live php -S 127.0.0.1:8080 php/demo/index.php
 *
 * With SESSION_SOCKET_APP_ID, _KEY and _SECRET (and _PREVIOUS_SECRET while it changes) it gives tickets, and with
 * SESSION_SOCKET_API_URL as well a logout closes the sockets of the session. With SESSION_SOCKET_COOKIE_DOMAIN too the
 * page and the socket share that domain and the session's cookie, which SESSION_SOCKET_COOKIE names, and need no ticket.
 * With SESSION_SOCKET_MODE=session-id or status it gives session ids, as in 2016.
 *
 * The routes are those of the blog post of 2016. Only one of them is there for the socket: GET /getSessionID.
 */

require __DIR__ . '/session.php';
require __DIR__ . '/answer.php';

const ROUTES = [
    '/' => ['GET', 'home'],
    '/login' => ['GET', 'login'],
    '/private' => ['GET', 'private_page'],
    '/getSessionID' => ['GET', 'get_session_id'],
    '/say' => ['POST', 'say'],
    '/logout' => ['POST', 'logout'],
];

/** Their passwords are in the source because this is a demo; yours are hashed, in your own login. */
const USERS = ['gonzalo' => 'password', 'maria' => 'password'];
const ROOM = 'presence-room';

function home(): void
{
    page(200, 'Public page', 'home', ['user' => logged_in_user(), 'socketUrl' => socket_url(), 'way' => way_in()]);
}

/** HTTP Basic, as in 2016. */
function login(): void
{
    $user = (string) ($_SERVER['PHP_AUTH_USER'] ?? '');
    $password = USERS[$user] ?? null;
    if ($password === null || !hash_equals($password, (string) ($_SERVER['PHP_AUTH_PW'] ?? ''))) {
        header('WWW-Authenticate: Basic realm="session-socket demo", charset="UTF-8"');
        page(401, 'Not logged in', 'unauthorized');
        return;
    }
    $change = begin_session($user);
    [$credentials, $apiUrl] = [socket_credentials(), api_url()];
    if ($change !== null && $credentials !== null && $apiUrl !== null) {
        [$before, $userBefore, $now] = $change;
        // Sockets of somebody else's login end with it; those of the same user go on.
        $fault = $userBefore === null || $userBefore === $user
            ? SessionSocket\rebind($credentials, $apiUrl, $before, $now, $user)
            : SessionSocket\close_session($credentials, $apiUrl, $before, $userBefore);
        if ($fault !== null) {
            error_log("session-socket: a login left sockets with the old session id. $fault");
        }
    }
    redirect('/private');
}

function private_page(): void
{
    $user = logged_in_user(true);
    if ($user === null) {
        page(403, 'Log in first', 'forbidden');
        return;
    }
    page(200, 'Private page', 'private', [
        'user' => $user,
        'socketUrl' => socket_url(),
        'way' => way_in(),
        'hasRoom' => api_url() !== null && !gives_session_ids(),
    ]);
}

/**
 * What the socket needs from PHP. With credentials, the page gets a ticket, and the session id stays in its HttpOnly
 * cookie.
 */
function get_session_id(): void
{
    if (gives_session_ids()) {
        give_session_id();
        return;
    }
    SessionSocket\answer((array) socket_credentials(), function (): ?array {
        $user = $_SESSION['user'] ?? null;
        return $user === null ? null : [
            'userId' => $user,
            'userInfo' => ['name' => ucfirst($user)],
            'channels' => [ROOM],
        ];
    });
}

/** Says something in the room. Only JSON is taken, which no other site's form can send. */
function say(): void
{
    $user = logged_in_user();
    $said = json_decode((string) file_get_contents('php://input', false, null, 0, 4096), true);
    $text = is_array($said) && is_string($said['text'] ?? null) ? trim($said['text']) : '';
    if ($user === null) {
        json(403, ['error' => 'Log in first.']);
    } elseif (!SessionSocket\is_own_page($_SERVER) || strpos($_SERVER['CONTENT_TYPE'] ?? '', 'application/json') !== 0) {
        json(403, ['error' => 'Only pages of this site may say something.']);
    } elseif ($text === '' || strlen($text) > 2000) {
        json(400, ['error' => 'Say something, but not that much.']);
    } else {
        $message = ['from' => $user, 'text' => $text];
        $fault = SessionSocket\publish((array) socket_credentials(), (string) api_url(), ROOM, 'message', $message);
        if ($fault !== null) {
            error_log("session-socket: a message was not published. $fault");
        }
        json($fault === null ? 200 : 502, $fault === null ? [] : ['error' => 'Nobody heard that. Try again.']);
    }
}

/**
 * Without tickets: two askers get the same answer, the page, which puts the id into the socket's URL, and the gateway,
 * which sends that id back as the cookie and lets the socket in when it is answered with the same id. It gives a HttpOnly id
 * to the page's script: the bargain of 2016.
 */
function give_session_id(): void
{
    if (logged_in_user() === null) {
        json(403, ['error' => 'Nobody is logged in.']);
        return;
    }
    json(200, session_id());
}

/**
 * Ends the session, so that no new socket opens with it, and has those that are open closed; without credentials they stay
 * until API Gateway ends them, at most two hours. The browser still remembers the HTTP Basic password, so the next visit to
 * /login asks nothing: it is a new login, with a new session.
 *
 * POST only, so that no link or image can log anybody out; SameSite=Lax keeps the cookie from other sites' forms.
 */
function logout(): void
{
    $ended = end_session();
    [$credentials, $apiUrl] = [socket_credentials(), api_url()];
    if ($ended !== null && $credentials !== null && $apiUrl !== null) {
        [$sessionId, $user] = $ended;
        $named = gives_session_ids() ? null : $user; // then the gateway was not told who it is
        $fault = SessionSocket\close_session($credentials, $apiUrl, $sessionId, $named);
        if ($fault !== null) {
            error_log("session-socket: a logout left sockets open. $fault");
        }
    }
    redirect('/');
}

/** The address of the WebSocket API, or null when the environment does not have a usable one. */
function socket_url(): ?string
{
    $url = (string) getenv('SESSION_SOCKET_URL');
    return preg_match('#^wss?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?$#D', $url) === 1 ? $url : null;
}

/** The page's script opens the socket with a token, or with nothing but the cookie that the browser sends by itself. */
function way_in(): string
{
    return cookie_domain() === '' ? 'token' : 'cookie';
}

/** Whether the page gets the session id itself: without credentials, and where the gateway takes nothing else. */
function gives_session_ids(): bool
{
    return socket_credentials() === null || in_array(getenv('SESSION_SOCKET_MODE'), ['session-id', 'status'], true);
}

/** The address of the HTTP API, by which this app has sockets closed and speaks to them; null without one. */
function api_url(): ?string
{
    return ((string) getenv('SESSION_SOCKET_API_URL')) ?: null;
}

/** What the gateway and this app share, or null when the environment does not say it. */
function socket_credentials(): ?array
{
    $credentials = [
        'app_id' => getenv('SESSION_SOCKET_APP_ID'),
        'key' => getenv('SESSION_SOCKET_KEY'),
        'secret' => getenv('SESSION_SOCKET_SECRET'),
    ];
    // One that is set and others that are not is a mistake, which answer() tells.
    return array_filter($credentials) === []
        ? null
        : $credentials + ['previous_secret' => getenv('SESSION_SOCKET_PREVIOUS_SECRET')];
}

[$path] = explode('?', $_SERVER['REQUEST_URI'] ?? '/', 2);
[$method, $action] = ROUTES[$path] ?? ['GET', null];
$asked = $_SERVER['REQUEST_METHOD'] ?? 'GET';

if ($action === null && is_asset($path)) {
    asset($path);
} elseif ($action === null) {
    page(404, 'Not found', 'not-found');
} elseif ($asked !== $method && !($asked === 'HEAD' && $method === 'GET')) {
    header("Allow: $method");
    page(405, 'Not like this', 'method-not-allowed', ['path' => $path, 'method' => $method]);
} elseif (in_array($action, ['home', 'private_page'], true) && socket_url() === null) {
    page(503, 'One setting is missing', 'no-socket-url');
} else {
    $action();
}
