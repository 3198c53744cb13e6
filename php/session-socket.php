<?php

declare(strict_types=1);

/**
 * session-socket: who is logged in over PHP is logged in over WebSocket.
 *
 * This file is all that a PHP app needs, from PHP 7.4 on, with ext-openssl, ext-hash and ext-session. It answers GET
 * /getSessionID: to a page of this site with a ticket for the socket, to the gateway with who is logged in. It publishes
 * events, and signs who may join a channel. And it has the sockets of a session or a user closed.
 *
 *     SessionSocket\answer($credentials, function () {
 *         return isset($_SESSION['user']) ? ['userId' => (string) $_SESSION['user']] : null;
 *     });
 *
 * Credentials, as the stack prints them: `app_id`, `key`, `secret`, and while the secret is being changed
 * `previous_secret`.
 *
 * The identity: null when nobody is logged in, else an array. All of it is optional: `userId` (a string of 1 to 128
 * bytes), `userInfo` (an array with names, at most 2 KB, shown to others on presence channels), `channels` (at most 100
 * patterns such as `private-orders-42` or `presence-room-*` that the user may join), `expiresAt` (epoch seconds).
 */

namespace SessionSocket;

const TICKET_SECONDS = 30;
const CLOSE_SECONDS = 3.0;
const PUBLISH_SECONDS = 3.0;
const PUBLISH_TRIES = 4;
const CLOCK_SECONDS = 300;
const MAX_COOKIE_BYTES = 2048;
// What the gateway takes; with the rest it has to fit into API Gateway's 8 KB of authorizer context.
const MAX_IDENTITY_BYTES = 3072;
const MAX_USER_ID_BYTES = 128;
const MAX_USER_INFO_BYTES = 2048;
const MAX_MEMBER_BYTES = 1024; // Pusher's: https://pusher.com/docs/channels/using_channels/presence-channels/
const MAX_CHANNELS = 100;
const MAX_EPOCH_SECONDS = 100000000000; // more would be milliseconds, with which a session never ends
const MAX_AGENT_BYTES = 1024;
const ADDRESS = '/^[0-9A-Fa-f:.]{2,45}$/D';
const VARY = 'Cookie, Origin, Sec-Fetch-Site, X-Session-Socket';
// Headers that apps behind a proxy read the browser's address from.
const PROXY_HEADERS = ['HTTP_X_FORWARDED_FOR', 'HTTP_FORWARDED', 'HTTP_X_REAL_IP', 'HTTP_CLIENT_IP', 'HTTP_X_CLIENT_IP',
    'HTTP_CF_CONNECTING_IP', 'HTTP_TRUE_CLIENT_IP', 'HTTP_FASTLY_CLIENT_IP', 'HTTP_X_CLUSTER_CLIENT_IP'];
const BOM = "\xEF\xBB\xBF";
const OPTIONS = ['cookies', 'origins', 'address'];
const SETTINGS = ['app_id', 'key', 'secret', 'previous_secret'];
const IDENTITY_FIELDS = ['userId', 'userInfo', 'channels', 'expiresAt'];

/** Something that the app's developer has to mend. The message is one sentence, and nothing in it is secret. */
final class Fault extends \LogicException
{
}

/**
 * Answers the request, for apps with PHP's own sessions. Call it before `session_start()`. What is output before or after it is
 * dropped.
 *
 * @param array $credentials see above
 * @param callable $identify called with `$_SESSION` filled for reading; returns the identity, or null for nobody
 * @param array $options all optional:
 *     `cookies`: names of further cookies that the gateway needs to ask again, exact or `prefix*`, such as
 *     `['AWSALB*', 'UserID']`; never a remember-me cookie, which would log a user in again after a logout.
 *     `origins`: other origins of yours whose pages may ask, such as `['https://app.example.com']`, compared exactly.
 *     `address`: the browser's IP address, where the app knows it better than `REMOTE_ADDR`, behind a proxy.
 */
function answer(array $credentials, callable $identify, array $options = []): void
{
    drop_output();
    if (headers_sent($file, $line)) {
        error_log("session-socket: answered nothing, because output has begun in $file line $line.");
        return;
    }
    ob_start(); // what the app outputs meanwhile, a notice for example, is no part of the answer
    $session = static function (array $browser) use ($identify): ?array {
        $sessionId = read_session($_SERVER);
        $identity = $sessionId === null ? null : call_as($browser, $identify);
        return $identity === null ? null : [$sessionId, session_name(), $identity];
    };
    send(reply($credentials, $_SERVER, time(), $session, $options));
}

/**
 * The same for frameworks that open sessions themselves. One that they hold open by PHP's own functions is let go as it was;
 * a store of their own they have to leave alone themselves.
 *
 * @param array $server `$_SERVER`, or what the framework has in its place
 * @param string $sessionId what the framework calls the session's id; not the cookie's value where that is encrypted
 * @param string $cookieName of the session cookie, as browsers send it
 * @param array|null $identity see above
 * @param array $options as for `answer()`
 * @return array{0: int, 1: array<string, string>, 2: string} status, headers, body
 */
function respond(
    array $credentials,
    array $server,
    string $sessionId,
    string $cookieName,
    ?array $identity,
    array $options = []
): array {
    let_go($server, $sessionId, $cookieName);
    $session = static function (array $browser) use ($server, $sessionId, $cookieName, $identity): ?array {
        if ($identity === null && is_other_browser($browser, $server)) {
            error_log('session-socket: nobody is logged in, and the framework saw another address or user agent than the '
                . 'browser has. Where sessions are bound to one of them, call SessionSocket\restore_browser() first.');
        }
        return $identity === null ? null : [$sessionId, $cookieName, $identity];
    };
    return reply($credentials, $server, time(), $session, $options);
}

/**
 * `$_SERVER` with the browser's address and user agent, where the gateway asks in its name. A framework whose sessions are bound to
 * one of them gets it before it builds its request: `$_SERVER = SessionSocket\restore_browser($credentials, $_SERVER);`
 *
 * @return array `$server` unchanged unless the gateway has signed this request
 */
function restore_browser(array $credentials, array $server): array
{
    try {
        check_credentials($credentials);
        $isGateway = isset($server['HTTP_X_SESSION_SOCKET']) && find_signature_fault($credentials, $server, time()) === null;
        return $isGateway ? as_browser(signed_browser($server), $server) : $server;
    } catch (Fault $fault) {
        return $server; // respond() says what is wrong
    }
}

/**
 * @param callable $session given what the gateway has signed of the browser, returns [session id, cookie name, identity] or null;
 *     only called for those who may ask
 * @return array{0: int, 1: array<string, string>, 2: string}
 */
function reply(array $credentials, array $server, int $now, callable $session, array $options = []): array
{
    $cors = [];
    try {
        check_credentials($credentials);
        check_options($options);
        $method = $server['REQUEST_METHOD'] ?? '';
        $cors = cors_headers($server, $options['origins'] ?? []);
        if ($method === 'OPTIONS' && $cors !== []) {
            return [204, $cors + ['Access-Control-Allow-Methods' => 'GET', 'Access-Control-Max-Age' => '600',
                'Access-Control-Allow-Headers' => 'Accept, Content-Type, X-Requested-With', 'Vary' => VARY], ''];
        }
        if ($method !== 'GET') {
            return json(405, ['error' => 'Only GET is answered here.'], ['Allow' => 'GET'] + $cors);
        }
        if ($cors === [] && !is_own_page($server)) {
            log_foreign_origin($server);
            return json(403, ['error' => 'Only pages of this site may ask.']);
        }
        $isGateway = isset($server['HTTP_X_SESSION_SOCKET']);
        $fault = $isGateway ? find_signature_fault($credentials, $server, $now) : null;
        if ($fault !== null) {
            error_log("session-socket: answered 421 to the gateway. $fault");
            return json(421, ['error' => "The gateway's signature is not accepted; PHP's error log says why."]);
        }
        [$sessionId, $cookieName, $identity] = $session($isGateway ? signed_browser($server) : []) ?? [null, null, null];
        $identity = $identity === null ? null : rebuild_identity($identity);
        // PHP collects old sessions when it likes to, so an end that the app knows is kept here.
        if ($identity === null || ($identity['expiresAt'] ?? PHP_INT_MAX) <= $now) {
            return json(403, ['error' => 'Nobody is logged in.'], $isGateway ? sign_no($credentials, $server) : $cors);
        }
        if (preg_match('/^[\x21-\x7e]{1,512}$/D', $sessionId) !== 1) {
            throw new Fault('Somebody is logged in, but the session id is not 1 to 512 plain characters: is the session '
                . 'open?');
        }
        if ($isGateway) {
            return json(200, ['sessionId' => $sessionId] + $identity);
        }
        $cookie = cookies_to_replay($server, $cookieName, $options['cookies'] ?? []);
        $browser = seen_browser($server, $options['address'] ?? null);
        $claims = ticket_claims($cookie, $sessionId, $identity, $now, bin2hex(random_bytes(16)), $browser);
        return json(200, seal_ticket($credentials, $claims, random_bytes(12)), $cors);
    } catch (Fault $fault) {
        // Not thrown on: the trace would have the session id among its arguments.
        error_log("session-socket: answered 500. {$fault->getMessage()}");
        return json(500, ['error' => "Something has to be mended; PHP's error log says what."], $cors);
    }
}

/** @throws Fault that says what cannot be right */
function check_options(array $options): void
{
    $unknown = array_diff_key($options, array_flip(OPTIONS));
    if ($unknown !== []) {
        throw new Fault('There is no option ' . implode(', ', array_keys($unknown)) . ': there are '
            . implode(', ', OPTIONS) . '.');
    }
    foreach (['cookies', 'origins'] as $name) {
        if (!is_array($options[$name] ?? [])) {
            throw new Fault("The option $name is not an array.");
        }
    }
    foreach ($options['cookies'] ?? [] as $name) {
        $form = '/^[A-Za-z0-9!#$%&\'+.^_`|~-]+\*?$/D'; // https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
        if (!is_string($name) || preg_match($form, $name) !== 1) {
            throw new Fault('One of the option cookies is not the name of a cookie, or its beginning and a *.');
        }
    }
    foreach ($options['origins'] ?? [] as $origin) {
        $form = '#^(?!file:)[a-z][a-z0-9+.-]*://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[1-9]\d{0,4})?$#D';
        if (!is_string($origin) || preg_match($form, $origin) !== 1) {
            throw new Fault('One of the option origins is not an origin as browsers send it, such as '
                . 'https://app.example.com: no path, no *, no capital letters, and neither null nor file.');
        }
    }
    $address = $options['address'] ?? '0.0.0.0';
    if (!is_string($address) || preg_match(ADDRESS, $address) !== 1) {
        throw new Fault('The option address is not an IP address.');
    }
}

// --- Publishing

/**
 * Publishes an event to all sockets that have joined a channel. What fails on the way is tried again, with one key for all
 * tries, so that it is published once. Call it after `session_write_close()`: a page that waits should hold no lock.
 *
 * @param array $credentials see above
 * @param string $apiUrl the stack's output HttpApiUrl
 * @param string|string[] $channels one, or up to a hundred
 * @param mixed $data what the page is to get, 10 KB as JSON
 * @param string|null $socketId of the page that caused the event, and is left out
 * @param string|null $idempotencyKey 8 to 64 of A-Z a-z 0-9 _ -, where it is more than this call that must not publish twice:
 *     a job that is done again after a crash. For a day the same key and the same event are published once.
 * @param float $seconds after which it gives up, whatever has happened (but for a name server that does not answer)
 * @return string|null null when it is published, also when nobody listens; else one sentence about why it may not be. It
 *     never throws for what the network does.
 */
function publish(
    array $credentials,
    string $apiUrl,
    $channels,
    string $event,
    $data,
    ?string $socketId = null,
    ?string $idempotencyKey = null,
    float $seconds = PUBLISH_SECONDS
): ?string {
    return in_a_sentence($credentials, static function () use (
        $credentials,
        $apiUrl,
        $channels,
        $event,
        $data,
        $socketId,
        $idempotencyKey,
        $seconds
    ): ?string {
        $to = is_array($channels) ? ['channels' => array_values($channels)] : ['channel' => $channels];
        $except = $socketId === null ? [] : ['socket_id' => $socketId];
        // Always as JSON, as by Pusher's library, so that the page gets "7" where it was "7" and 7 where it was 7.
        $body = to_json(['name' => $event, 'data' => to_json($data)] + $to + $except);
        $key = $idempotencyKey ?? bin2hex(random_bytes(16));
        $deadline = microtime(true) + $seconds;
        for ($try = 1; ; $try++) {
            // Half of what is left, so that one try that hangs leaves time for another.
            $until = $try === PUBLISH_TRIES ? $deadline : (microtime(true) + $deadline) / 2;
            $answer = request($credentials, $apiUrl, 'events', $body, $until, $key);
            $pause = random_int(50000, 150000) * 2 ** ($try - 1);
            $isLast = $try === PUBLISH_TRIES || microtime(true) + $pause / 1e6 >= $deadline;
            if ($isLast || !may_pass($answer[0])) {
                return explain($answer, 'the event may not be published');
            }
            usleep($pause);
        }
    });
}

/** Whether the same request may be answered otherwise in a moment. */
function may_pass(?int $status): bool
{
    return $status === null || $status === 408 || $status === 429 || $status >= 500;
}

/**
 * What Pusher's clients ask a page for before they join a `private-` or `presence-` channel: your signature under it. Whether
 * this visitor may join it, decide before.
 *
 * @param array $credentials see above
 * @param string $socketId as the client sent it: `socket_id`
 * @param string $channel as the client sent it: `channel_name`
 * @param array|null $member who it is, for `presence-` channels: `userId`, and `userInfo` for the others to see, as in the
 *     identity; all of it 1 KB
 * @return array<string, string>|null what to answer as JSON; null for what no client of ours asks: answer 403
 */
function authorize_channel(array $credentials, string $socketId, string $channel, ?array $member = null): ?array
{
    check_credentials($credentials);
    $form = '/^(?=.{1,200}$)(private|presence)-(?!encrypted-)[A-Za-z0-9_=@,.;-]+$/D'; // encrypted needs more than a signature
    if (!is_socket_id($socketId) || preg_match($form, $channel, $match) !== 1) {
        return null;
    }
    if ($match[1] === 'private') {
        return ['auth' => sign_text($credentials, "$socketId:$channel")];
    }
    $data = describe_user($member ?? [], 'user_id');
    return ['auth' => sign_text($credentials, "$socketId:$channel:$data"), 'channel_data' => $data];
}

/**
 * What Pusher's clients ask a page for when they sign a user in: your signature under who it is.
 *
 * @param array $user `userId` and `userInfo`, as in the identity; with a `userId` there, it has to be the same
 * @return array<string, string>|null as `authorize_channel()`
 */
function authorize_user(array $credentials, string $socketId, array $user): ?array
{
    check_credentials($credentials);
    if (!is_socket_id($socketId)) {
        return null;
    }
    $data = describe_user($user, 'id');
    return ['auth' => sign_text($credentials, "{$socketId}::user::$data"), 'user_data' => $data];
}

/** What is signed is put together with `:`, so nothing with one in it may be part of it. */
function is_socket_id(string $text): bool
{
    return preg_match('/^\d{1,64}\.\d{1,64}$/D', $text) === 1;
}

function sign_text(array $credentials, string $text): string
{
    return "{$credentials['key']}:" . hash_hmac('sha256', $text, $credentials['secret']);
}

function describe_user(array $user, string $idField): string
{
    $known = rebuild_identity($user);
    if (!isset($known['userId']) || array_diff_key($known, ['userId' => 0, 'userInfo' => 0]) !== []) {
        throw new Fault('Who it is, is an array with userId, and userInfo where others are to see more.');
    }
    $info = isset($known['userInfo']) ? ['user_info' => $known['userInfo']] : [];
    $data = to_json([$idField => $known['userId']] + $info);
    if (strlen($data) > MAX_MEMBER_BYTES) {
        throw new Fault('Who it is, is told to others, so it has ' . MAX_MEMBER_BYTES . ' bytes as JSON at most: shorten '
            . 'userInfo.');
    }
    return $data;
}

// --- Closing sockets

/**
 * Has all sockets of a session closed, in all tabs: for the logout. Call it after the session has been destroyed, because
 * until then a page could open another.
 *
 * @param array $credentials see above
 * @param string $apiUrl the stack's output HttpApiUrl
 * @param string $sessionId that it had, as `answer()` or `respond()` got it
 * @param string|null $userId that the identity had; without it only sockets of sessions without a user are found
 * @param float $seconds after which it gives up, whatever has happened (but for a name server that does not answer)
 * @return string|null null when they are closed, also when there was none; else one sentence about why they may not be
 *     closed. It never throws: a logout must not fail for this.
 */
function close_session(
    array $credentials,
    string $apiUrl,
    string $sessionId,
    ?string $userId = null,
    float $seconds = CLOSE_SECONDS
): ?string {
    return in_a_sentence($credentials, static function () use ($credentials, $apiUrl, $sessionId, $userId, $seconds) {
        $body = $userId === null ? '{}' : to_json(['user_id' => $userId]);
        $deadline = microtime(true) + $seconds;
        $faults = [];
        foreach (secrets($credentials) as $secret) { // the gateway may know the session by the hash of either
            $hash = hash_hmac('sha256', $sessionId, derive_key($secret, 'session'));
            $faults[] = post($credentials, $apiUrl, "sessions/$hash/terminate_connections", $body, $deadline);
        }
        return array_values(array_filter($faults))[0] ?? null;
    });
}

/**
 * Has all sockets of a user closed, whatever the session: for "log out everywhere" and for accounts that are locked. Their
 * sessions are yours to end, before.
 *
 * @return string|null as `close_session()`
 */
function close_user(array $credentials, string $apiUrl, string $userId, float $seconds = CLOSE_SECONDS): ?string
{
    return in_a_sentence($credentials, static function () use ($credentials, $apiUrl, $userId, $seconds): ?string {
        // What API Gateway hands on unescaped cannot be compared with what was signed.
        if (preg_match('/^[A-Za-z0-9._~!$&\'()*+,;=:@-]{1,128}$/D', $userId) !== 1) {
            throw new Fault('The user id has characters that the path of a URL cannot hold as they are, so its sockets can '
                . 'only be closed session by session.');
        }
        $deadline = microtime(true) + $seconds;
        return post($credentials, $apiUrl, "users/$userId/terminate_connections", '{}', $deadline);
    });
}

/**
 * Has the sockets of a session go on with its new id. Call it after `session_regenerate_id(true)`: by the old id alone neither a
 * logout nor the gateway's next question would find them. Sockets of a session without a user reconnect.
 *
 * @param string|null $userId that the identity has; at a login that of the user who has just logged in
 * @param string|null $cookie `name=value` of the session cookie as the browser will send it; by default that of PHP's own
 *     sessions
 * @return string|null as `close_session()`; what was not rebound is closed by the gateway's next check
 */
function rebind(
    array $credentials,
    string $apiUrl,
    string $oldSessionId,
    string $newSessionId,
    ?string $userId = null,
    ?string $cookie = null,
    float $seconds = CLOSE_SECONDS
): ?string {
    $cookie = $cookie ?? session_name() . '=' . urlencode($newSessionId);
    $ids = [$oldSessionId, $newSessionId];
    return in_a_sentence($credentials, static function () use ($credentials, $apiUrl, $ids, $userId, $cookie, $seconds) {
        [$oldSessionId, $newSessionId] = $ids;
        if (preg_match('/^[\x20-\x7e]{1,' . MAX_COOKIE_BYTES . '}$/D', $cookie) !== 1) {
            throw new Fault('The cookie is not 1 to ' . MAX_COOKIE_BYTES . ' plain characters, as in NAME=value.');
        }
        $identity = rebuild_identity($userId === null ? [] : ['userId' => $userId]);
        $deadline = microtime(true) + $seconds;
        $faults = [];
        foreach (secrets($credentials) as $secret) { // the gateway may know the session by the hash of either
            $hash = hash_hmac('sha256', $oldSessionId, derive_key($secret, 'session'));
            $claims = ticket_claims($cookie, $newSessionId, $identity, time(), bin2hex(random_bytes(16)));
            $who = $userId === null ? [] : ['user_id' => $userId];
            $body = to_json($who + ['ticket' => seal_ticket($credentials, $claims, random_bytes(12))]);
            $faults[] = post($credentials, $apiUrl, "sessions/$hash/rebind", $body, $deadline);
        }
        return array_values(array_filter($faults))[0] ?? null;
    });
}

/** Runs what answers null or a sentence, and makes a sentence of what is wrong with its arguments as well. */
function in_a_sentence(array $credentials, callable $act): ?string
{
    try {
        check_credentials($credentials);
        return $act();
    } catch (Fault $fault) {
        return $fault->getMessage();
    } catch (\JsonException $error) {
        return "It cannot be written as JSON: {$error->getMessage()}.";
    }
}

// --- The HTTP API

/** @return string|null null when it was answered 200; else one sentence that holds nothing secret */
function post(array $credentials, string $apiUrl, string $path, string $body, float $deadline): ?string
{
    return explain(request($credentials, $apiUrl, $path, $body, $deadline), 'sockets may be open');
}

/**
 * One request with Pusher's signature. By PHP's own sockets, so that no extension is needed for it, and every step ends at
 * the deadline.
 *
 * @return array{0: int|null, 1: string} the status, null without an answer, and what was said with it
 */
function request(
    array $credentials,
    string $apiUrl,
    string $path,
    string $body,
    float $deadline,
    ?string $idempotencyKey = null
): array {
    if (preg_match('#^(https?)://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:\d+)?/?$#D', $apiUrl, $match) !== 1) {
        throw new Fault("The URL of the HTTP API is not like https://….amazonaws.com: it is the stack's output HttpApiUrl.");
    }
    [, $scheme, $host, $port] = $match + [3 => '']; // a scheme's own port is not named in Host, as by every client
    if ($scheme === 'http' && !in_array($host, ['127.0.0.1', 'localhost', '[::1]'], true)) {
        throw new Fault('Only loopback may be asked by http: signed requests belong into https.');
    }
    if ($idempotencyKey !== null && preg_match('/^[A-Za-z0-9_-]{8,64}$/D', $idempotencyKey) !== 1) {
        throw new Fault('The idempotency key is not 8 to 64 of A-Z a-z 0-9 _ -.');
    }
    $target = "/apps/{$credentials['app_id']}/$path";
    $query = sign_query($credentials, 'POST', $target, $body, time());
    $request = "POST $target?$query HTTP/1.1\r\nHost: $host$port\r\nConnection: close\r\nAccept: */*\r\n"
        . ($idempotencyKey === null ? '' : "Idempotency-Key: $idempotencyKey\r\n")
        . "User-Agent: session-socket\r\nContent-Type: application/json\r\nContent-Length: " . strlen($body)
        . "\r\n\r\n$body";
    $transport = $scheme === 'https' ? 'tls' : 'tcp';
    $address = $host . ($port !== '' ? $port : ($scheme === 'https' ? ':443' : ':80'));
    return exchange("$transport://$address", $request, $deadline);
}

/**
 * @param array{0: int|null, 1: string} $answer
 * @param string $risk what may be the case when it was not done
 */
function explain(array $answer, string $risk): ?string
{
    [$status, $said] = $answer;
    switch ($status) {
        case 200:
            return null;
        case null:
            return "The HTTP API did not answer in time, or its certificate is not accepted; $risk.";
        case 401:
            return "The HTTP API did not accept the signature (401): key or secret differ from the stack's, or a clock is off.";
        case 404:
            return "The HTTP API does not know this app (404): app_id differs from the stack's output AppId.";
        default:
            return "The HTTP API answered $status; $risk." . ($said === '' ? '' : " It said: $said");
    }
}

/** @return array{0: int|null, 1: string} the status of the answer, or null without one; its body, where it is short text */
function exchange(string $address, string $request, float $deadline): array
{
    $left = static function () use ($deadline): float {
        return max(0.001, $deadline - microtime(true));
    };
    $socket = @stream_socket_client($address, $code, $message, $left());
    if ($socket === false) {
        return [null, ''];
    }
    stream_set_blocking($socket, false);
    $answer = '';
    while (microtime(true) < $deadline && !feof($socket) && !is_enough($answer)) {
        if ($request !== '') {
            $request = (string) substr($request, (int) @fwrite($socket, $request));
        }
        $answer .= (string) @fread($socket, 4096);
        $reads = [$socket];
        $writes = $request === '' ? null : [$socket];
        $none = null;
        if (is_enough($answer) || @stream_select($reads, $writes, $none, 0, 20000) === false) {
            break;
        }
    }
    fclose($socket);
    if (preg_match('#^HTTP/1\.[01] (\d{3}) #', $answer, $match) !== 1) {
        return [null, ''];
    }
    $body = explode("\r\n\r\n", $answer, 2)[1] ?? '';
    return [(int) $match[1], preg_match('/^[\x20-\x7e]{1,200}$/D', $body) === 1 ? $body : ''];
}

/** The first line is, when all is well; else what was said comes too, as long as the answer says it is. */
function is_enough(string $answer): bool
{
    $isAll = preg_match('#^HTTP/1\.[01] 200 #', $answer) === 1 || strlen($answer) > 4096;
    [$head, $body] = explode("\r\n\r\n", $answer, 2) + ['', null];
    return $isAll || ($body !== null && preg_match('/^content-length: *(\d+)\r?$/mi', $head, $match) === 1
        && strlen($body) >= (int) $match[1]);
}

/** Pusher's: https://pusher.com/docs/channels/library_auth_reference/rest-api/#authentication */
function sign_query(array $credentials, string $method, string $path, string $body, int $now): string
{
    $query = "auth_key={$credentials['key']}&auth_timestamp=$now&auth_version=1.0&body_md5=" . md5($body);
    return "$query&auth_signature=" . hash_hmac('sha256', "$method\n$path\n$query", $credentials['secret']);
}

// --- Who asks

/**
 * A browser tells by Sec-Fetch-Site which site's page asks; one that is too old for that tells by Origin. The scheme is not
 * compared, because behind a proxy that ends TLS PHP does not know its own.
 */
function is_own_page(array $server): bool
{
    if (!in_array($server['HTTP_SEC_FETCH_SITE'] ?? 'none', ['same-origin', 'none'], true)) {
        return false;
    }
    if (!isset($server['HTTP_ORIGIN'])) {
        return true;
    }
    $ownHost = strtolower((string) ($server['HTTP_HOST'] ?? ''));
    if (preg_match('#^(https?)://([^/\s]+)$#D', (string) $server['HTTP_ORIGIN'], $origin) !== 1) {
        return false; // also "null", which is what a sandboxed frame of any site says
    }
    [, $scheme, $host] = $origin;
    return $ownHost === $host || $ownHost === $host . ($scheme === 'https' ? ':443' : ':80');
}

/**
 * For a page of another origin that the app lists: that it may read the answer, and that its cookies come along.
 *
 * @param string[] $origins
 * @return array<string, string> none for everybody else
 */
function cors_headers(array $server, array $origins): array
{
    $origin = $server['HTTP_ORIGIN'] ?? null;
    return in_array($origin, $origins, true)
        ? ['Access-Control-Allow-Origin' => $origin, 'Access-Control-Allow-Credentials' => 'true']
        : [];
}

function log_foreign_origin(array $server): void
{
    if (isset($server['HTTP_ORIGIN'])) {
        $origin = preg_replace('/[^\x21-\x7e]/', '?', substr((string) $server['HTTP_ORIGIN'], 0, 200));
        error_log("session-socket: answered 403 to a page of $origin. If that is yours, list it in the option origins.");
    }
}

/**
 * `X-Session-Socket: kid=<key>,t=<epoch seconds>,s=<hex>`.
 *
 * @return string|null null when the gateway has signed this request; else what is wrong and how to mend it
 */
function find_signature_fault(array $credentials, array $server, int $now): ?string
{
    $form = '/^kid=([A-Za-z0-9_-]{1,32}),t=([0-9]{1,12}),s=([0-9a-f]{64})$/D';
    if (preg_match($form, (string) $server['HTTP_X_SESSION_SOCKET'], $match) !== 1) {
        return 'The header X-Session-Socket is malformed: does something in front of PHP change it?';
    }
    [, $kid, $time] = $match;
    if (!hash_equals($credentials['key'], $kid)) {
        return 'It signs with another key than the `key` that is set here: take app_id, key and secret of one stack.';
    }
    $pathAndQuery = (string) ($server['REQUEST_URI'] ?? '');
    if (find_signer($credentials, $server) === null) {
        $path = preg_replace('/[^\x21-\x7e]/', '?', substr(explode('?', $pathAndQuery, 2)[0], 0, 200));
        return "Its signature does not fit: `secret` differs from the stack's, or something in front of PHP changes the path, "
            . "the query, the Cookie header or a header X-Session-Socket-* (the path that PHP sees is $path).";
    }
    $seconds = $now - (int) $time;
    if (abs($seconds) > CLOCK_SECONDS) {
        return "Its signature fits, but the clocks are $seconds seconds apart, and " . CLOCK_SECONDS . ' are allowed: '
            . "set this machine's clock by NTP; the gateway's is Amazon's.";
    }
    return null;
}

/** The secret that the gateway has signed this request with; null when it is none of ours. */
function find_signer(array $credentials, array $server): ?string
{
    preg_match('/t=([0-9]+),s=([0-9a-f]+)$/D', (string) $server['HTTP_X_SESSION_SOCKET'], $match);
    [, $time, $signature] = $match;
    $found = null;
    foreach (secrets($credentials) as $secret) { // all of them, so that the time does not tell which one fits
        $found = hash_equals(sign_request($secret, $server, $time), $signature) ? $secret : $found;
    }
    return $found;
}

/**
 * The `s` of the header: hex, over method, path with query, time, the Cookie header as it came, and what PHP had seen of the
 * browser, where the ticket says it.
 */
function sign_request(string $secret, array $server, string $time): string
{
    $pathAndQuery = (string) ($server['REQUEST_URI'] ?? '');
    $cookieHash = hash('sha256', (string) ($server['HTTP_COOKIE'] ?? ''));
    $browser = signed_browser($server);
    $seen = $browser === [] ? '' : "\n" . implode("\n", $browser);
    return hash_hmac('sha256', "GET\n$pathAndQuery\n$time\n$cookieHash$seen", derive_key($secret, 'request'));
}

/**
 * The gateway believes a no only with this header, because a firewall or a web server answers 403 as well. It is signed for
 * this one request.
 *
 * @return array<string, string>
 */
function sign_no(array $credentials, array $server): array
{
    $request = substr((string) $server['HTTP_X_SESSION_SOCKET'], -64);
    $key = derive_key((string) find_signer($credentials, $server), 'request');
    return ['X-Session-Socket-Answer' => 'no,s=' . hash_hmac('sha256', "no\n$request", $key)];
}

// --- The browser that the gateway asks for

/**
 * What a ticket says of the browser, for apps that bind sessions to it.
 *
 * @return array{a?: string, u?: string} its address, and its user agent in base64url, because it may be no UTF-8
 */
function seen_browser(array $server, ?string $address): array
{
    $address = $address ?? (string) ($server['REMOTE_ADDR'] ?? '');
    $agent = (string) ($server['HTTP_USER_AGENT'] ?? '');
    $isShort = $agent !== '' && strlen($agent) <= MAX_AGENT_BYTES;
    return (preg_match(ADDRESS, $address) === 1 ? ['a' => $address] : [])
        + ($isShort ? ['u' => to_base64url($agent)] : []);
}

/**
 * The same as the gateway hands it back: worth something only when it has signed the request.
 *
 * @return array{}|array{address: string, agent: string} empty texts for what the ticket did not say
 */
function signed_browser(array $server): array
{
    $address = $server['HTTP_X_SESSION_SOCKET_ADDRESS'] ?? null;
    $agent = $server['HTTP_X_SESSION_SOCKET_AGENT'] ?? null;
    return $address === null && $agent === null ? [] : ['address' => (string) $address, 'agent' => (string) $agent];
}

/** `$server` as if the browser itself asked. Headers of a proxy that name an address name the browser's. */
function as_browser(array $browser, array $server): array
{
    if (($browser['address'] ?? '') !== '') {
        $address = $browser['address'];
        $server['REMOTE_ADDR'] = $address;
        foreach (PROXY_HEADERS as $name) {
            if (isset($server[$name])) {
                $server[$name] = $name === 'HTTP_FORWARDED' ? 'for=' . quote_address($address) : $address;
            }
        }
    }
    if (($browser['agent'] ?? '') !== '') {
        $server['HTTP_USER_AGENT'] = (string) base64_decode(strtr($browser['agent'], '-_', '+/'), true);
    }
    return $server;
}

/** As RFC 7239 wants it, with an address of version 6 in quotes: https://www.rfc-editor.org/rfc/rfc7239#section-6 */
function quote_address(string $address): string
{
    return strpos($address, ':') === false ? $address : "\"[$address]\"";
}

function is_other_browser(array $browser, array $server): bool
{
    return as_browser($browser, $server) !== $server;
}

/**
 * Calls the app's function as if the browser itself asked.
 *
 * @return mixed
 */
function call_as(array $browser, callable $identify)
{
    $server = $_SERVER;
    $_SERVER = as_browser($browser, $server);
    try {
        return $identify();
    } finally {
        $_SERVER = $server;
    }
}

// --- The session

/**
 * Opens the session of the request for reading only and gives its lock back at once: nothing is written, no cookie is set,
 * the session's age stays what it is. An open tab must not keep a session alive, nor hold up other pages.
 *
 * @return string|null the session's id, with `$_SESSION` filled; null when the request names no session that there is
 */
function read_session(array $server): ?string
{
    if (session_status() !== PHP_SESSION_NONE) {
        throw new Fault('The session is open already, so it is locked and would be kept alive: call SessionSocket\answer() '
            . 'before session_start() and without session.auto_start, or use SessionSocket\respond().');
    }
    $cookie = find_cookie($server, session_name());
    $sessionId = $cookie === null ? '' : urldecode($cookie); // as PHP does for $_COOKIE
    if (!may_exist($sessionId)) {
        return null;
    }
    session_id($sessionId);
    $isOpen = session_start([
        'read_and_close' => true,
        'use_strict_mode' => 1, // an id that PHP did not give is never adopted
        'use_cookies' => 0, // the id is known; no cookie is ever set from here
        'cache_limiter' => '', // the answer says no-store itself
        'gc_probability' => 0, // cleaning up is for the pages
        'use_only_cookies' => 1, // never one that is in a URL
        'use_trans_sid' => 0, // else PHP writes the id into what looks like a link in the answer
    ]);
    if (!$isOpen) {
        throw new Fault('PHP could not read the session; the line before this one says why.');
    }
    return session_id() === $sessionId ? $sessionId : null;
}

/**
 * Gives back the lock of a session that is open, and writes nothing: it is no younger for having been asked about. One whose id
 * changes in this very request stays open, because the browser gets the new id and the app has to save what belongs to it.
 */
function let_go(array $server, string $sessionId, string $cookieName): void
{
    $isOpen = function_exists('session_status') && session_status() === PHP_SESSION_ACTIVE;
    if ($isOpen && session_id() === $sessionId && urldecode((string) find_cookie($server, $cookieName)) === $sessionId) {
        session_abort();
    }
}

/**
 * Whether it is worth asking for the session. Even in strict mode PHP answers an invented id with a new session and its
 * file, one for every guess, so this looks first. Only the `files` handler can be looked into from here, and not where
 * open_basedir hides its folder from scripts; otherwise the shape has to do.
 */
function may_exist(string $sessionId): bool
{
    if (preg_match('/^[A-Za-z0-9,-]{22,250}$/D', $sessionId) !== 1) {
        return false;
    }
    $canLook = ini_get('session.save_handler') === 'files' && (string) ini_get('open_basedir') === '';
    if (!$canLook) {
        return true;
    }
    // "/folder", "depth;/folder" or "depth;mode;/folder" (https://www.php.net/session.configuration#ini.session.save-path)
    $savePath = explode(';', (string) session_save_path());
    $depth = count($savePath) > 1 ? (int) $savePath[0] : 0;
    $folder = end($savePath) ?: sys_get_temp_dir();
    for ($level = 0; $level < $depth && $level < strlen($sessionId); $level++) {
        $folder .= "/$sessionId[$level]";
    }
    return is_file("$folder/sess_$sessionId");
}

/** A cookie's value as the browser sent it, not decoded. Of two with the same name the first counts, as in `$_COOKIE`. */
function find_cookie(array $server, string $name): ?string
{
    foreach (explode(';', (string) ($server['HTTP_COOKIE'] ?? '')) as $pair) {
        [$itsName, $value] = explode('=', ltrim($pair), 2) + ['', null];
        if ($itsName === $name && $value !== null) {
            return $value;
        }
    }
    return null;
}

/**
 * What the gateway will send as its Cookie header: the session cookie, even where its value is encrypted, and those that the app
 * names, as the browser sent them and in its order.
 *
 * @param string[] $names exact, or with a `*` at the end
 */
function cookies_to_replay(array $server, string $cookieName, array $names): string
{
    $value = find_cookie($server, $cookieName);
    if ($value === null || preg_match('/^[\x21-\x3a\x3c-\x7e]+$/D', $value) !== 1) {
        throw new Fault("Somebody is logged in, but the request has no usable cookie $cookieName: is that the name of the "
            . 'session cookie? (After a login by a remember-me cookie the next request has it.)');
    }
    $cookies = [];
    foreach (explode(';', (string) $server['HTTP_COOKIE']) as $pair) {
        $pair = trim($pair, " \t");
        [$name, $its] = explode('=', $pair, 2) + ['', null];
        $isNamed = $its !== null && ($name === $cookieName ? $its === $value : is_named($name, $names));
        if ($isNamed && preg_match('/^[\x20-\x7e]*$/D', $pair) !== 1) {
            throw new Fault("The cookie $name has characters that no header should have, so it cannot be sealed.");
        }
        if ($isNamed) {
            $cookies[] = $pair;
        }
    }
    $header = implode('; ', array_unique($cookies));
    if (strlen($header) > MAX_COOKIE_BYTES) {
        $sizes = array_map(static function (string $pair): string {
            return explode('=', $pair, 2)[0] . ' ' . strlen($pair);
        }, $cookies);
        throw new Fault('The cookies to seal have ' . strlen($header) . ' bytes (' . implode(', ', $sizes) . ') and a ticket '
            . 'holds ' . MAX_COOKIE_BYTES . ': keep the session on the server and only its id in the cookie, or name fewer in '
            . 'the option cookies.');
    }
    return $header;
}

/** @param string[] $names */
function is_named(string $cookie, array $names): bool
{
    foreach ($names as $name) {
        $isPrefix = substr($name, -1) === '*';
        if ($isPrefix ? strpos($cookie, substr($name, 0, -1)) === 0 : $cookie === $name) {
            return true;
        }
    }
    return false;
}

/**
 * Rebuilt field by field, so that nothing goes out that was not meant to.
 *
 * @param mixed $identity what the app has said of who is logged in
 */
function rebuild_identity($identity): array
{
    if (!is_array($identity)) {
        throw new Fault('The identity is neither an array nor null.');
    }
    $unknown = array_diff_key($identity, array_flip(IDENTITY_FIELDS));
    if ($unknown !== []) {
        throw new Fault('The identity has an unknown field: ' . implode(', ', array_keys($unknown)) . '.');
    }
    $rebuilt = [];
    foreach (IDENTITY_FIELDS as $field) {
        if (isset($identity[$field])) {
            $rebuilt[$field] = $identity[$field];
        }
    }
    if (($rebuilt['userInfo'] ?? null) === []) {
        $rebuilt['userInfo'] = new \stdClass(); // {} in JSON, where [] would be a list
    }
    $userId = $rebuilt['userId'] ?? 'nobody';
    if (!is_string($userId) || strlen($userId) > MAX_USER_ID_BYTES || preg_match('/^\P{Cc}+$/Du', $userId) !== 1) {
        throw new Fault("The identity's userId is not a string of 1 to " . MAX_USER_ID_BYTES . ' bytes of UTF-8 without '
            . 'control characters; of a number make one by (string).');
    }
    $expiresAt = $rebuilt['expiresAt'] ?? 0;
    if (!is_int($expiresAt) || $expiresAt >= MAX_EPOCH_SECONDS) {
        throw new Fault("The identity's expiresAt is not an integer in epoch seconds, as time() gives them.");
    }
    check_channels($rebuilt['channels'] ?? [], isset($rebuilt['userId']));
    try {
        $bytes = strlen(to_json($rebuilt));
        $userInfo = to_json($rebuilt['userInfo'] ?? new \stdClass());
    } catch (\JsonException $error) {
        throw new Fault("The identity cannot be written as JSON: {$error->getMessage()}.");
    }
    if ($userInfo[0] !== '{' || strlen($userInfo) > MAX_USER_INFO_BYTES) {
        throw new Fault("The identity's userInfo is not an array with names, such as ['name' => 'Ada'], of at most "
            . MAX_USER_INFO_BYTES . ' bytes as JSON.');
    }
    if ($bytes > MAX_IDENTITY_BYTES) {
        throw new Fault("The identity has $bytes bytes as JSON, and " . MAX_IDENTITY_BYTES . ' is the limit: shorten '
            . 'userInfo, or end patterns of channels with *.');
    }
    return $rebuilt;
}

/** @param mixed $channels */
function check_channels($channels, bool $hasUser): void
{
    if (!is_array($channels) || array_values($channels) !== $channels || count($channels) > MAX_CHANNELS) {
        throw new Fault("The identity's channels are not a list of at most " . MAX_CHANNELS . '.');
    }
    foreach ($channels as $channel) {
        // The alphabet is Pusher's: https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions
        $form = '/^(private|presence)-(?=.)[A-Za-z0-9_=@,.;-]{0,155}\*?$/D';
        if (!is_string($channel) || preg_match($form, $channel, $match) !== 1) {
            throw new Fault("One of the identity's channels is not like private-orders-42 or presence-room-*: the prefix, "
                . 'then letters, digits and _=@,.;- and a * only at the end.');
        }
        if ($match[1] === 'presence' && !$hasUser) {
            throw new Fault('A presence channel shows who is there, so the identity needs a userId.');
        }
    }
}

// --- The ticket

/**
 * Its plaintext: the cookies to replay, the session, who it is, the browser, from when until when, and a number that is used
 * once.
 */
function ticket_claims(
    string $cookies,
    string $sessionId,
    array $identity,
    int $now,
    string $jti,
    array $browser = []
): string {
    $who = $identity === [] ? [] : ['i' => $identity];
    $time = ['iat' => $now, 'exp' => $now + TICKET_SECONDS, 'jti' => $jti];
    return to_json(['c' => $cookies, 's' => $sessionId] + $who + $browser + $time);
}

/**
 * `t1.<key>.<base64url(iv ‖ ciphertext ‖ tag)>`, AES-256-GCM; whose ticket it is, is authenticated too.
 *
 * @param string $iv 12 random bytes, never the same twice
 */
function seal_ticket(array $credentials, string $claims, string $iv): string
{
    $head = "t1.{$credentials['key']}";
    $key = derive_key($credentials['secret'], 'ticket');
    $aad = "$head|{$credentials['app_id']}";
    $sealed = openssl_encrypt($claims, 'aes-256-gcm', $key, OPENSSL_RAW_DATA, $iv, $tag, $aad, 16);
    if ($sealed === false) {
        throw new Fault('OpenSSL could not seal the ticket: does this build of PHP have aes-256-gcm?');
    }
    return "$head." . to_base64url($iv . $sealed . $tag);
}

function to_base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

// --- The credentials

/** A key of its own for every purpose, so that what is made for one is worth nothing for another: 32 bytes. */
function derive_key(string $secret, string $purpose): string
{
    return hash_hkdf('sha256', $secret, 32, "session-socket/$purpose", '');
}

/** @return string[] the current secret first, which seals; requests may be signed with either */
function secrets(array $credentials): array
{
    $previous = $credentials['previous_secret'] ?? '';
    return $previous === '' || $previous === false ? [$credentials['secret']] : [$credentials['secret'], $previous];
}

/** @throws Fault that says what is missing or cannot be right. getenv() says false for what is not set. */
function check_credentials(array $credentials): void
{
    $unknown = array_diff_key($credentials, array_flip(SETTINGS));
    if ($unknown !== []) {
        throw new Fault('There is no setting ' . implode(', ', array_keys($unknown)) . ': there are '
            . implode(', ', SETTINGS) . '.');
    }
    ['app_id' => $appId, 'key' => $key, 'secret' => $secret] = $credentials + array_fill_keys(SETTINGS, null);
    if (is_int($appId)) {
        throw new Fault('The setting app_id is a number: write it in quotes.');
    }
    if (!is_string($appId) || $appId === '') {
        throw new Fault("The setting app_id is missing or empty: it is the stack's output AppId.");
    }
    if (!is_string($key) || preg_match('/^[A-Za-z0-9_-]{1,32}$/D', $key) !== 1) {
        throw new Fault("The setting key is not 1 to 32 of A-Z a-z 0-9 _ -: it is the stack's output Key.");
    }
    if (!is_string($secret) || $secret === '') {
        throw new Fault("The setting secret is missing or empty: it is `secret` in the JSON that SecretName holds.");
    }
    foreach (secrets($credentials) as $each) {
        if (!is_string($each) || trim($each) !== $each) {
            throw new Fault('A secret is not a string, or white space is around it, as when it comes from a file: trim() it.');
        }
    }
    if (!extension_loaded('openssl')) {
        throw new Fault('Tickets need the extension openssl, which this PHP does not have.');
    }
}

// --- The answer

/**
 * @param mixed $value
 * @param array<string, string> $headers
 * @return array{0: int, 1: array<string, string>, 2: string}
 */
function json(int $status, $value, array $headers = []): array
{
    return [$status, $headers + [
        'Content-Type' => 'application/json',
        'Cache-Control' => 'no-store', // a cache that keeps it gives one visitor's answer to all
        'Vary' => VARY,
        'X-Content-Type-Options' => 'nosniff',
    ], to_json($value, JSON_HEX_TAG)]; // without < nothing in it looks like a link, which PHP may add a session id to
}

/** @param mixed $value */
function to_json($value, int $flags = 0): string
{
    return json_encode($value, $flags | JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
}

/**
 * Drops what has been output so far, while it is still in PHP's buffers, and ends these: some of them change what goes through,
 * by compressing it or by writing session ids into links.
 */
function drop_output(): void
{
    $dropped = '';
    while (($status = ob_get_status()) !== [] && ($status['flags'] & PHP_OUTPUT_HANDLER_REMOVABLE) !== 0) {
        $dropped = ob_get_contents() . $dropped;
        ob_end_clean();
    }
    if (!headers_sent()) {
        header_remove('Content-Encoding');
    }
    if ($dropped !== '') {
        error_log('session-socket: dropped ' . strlen($dropped) . ' bytes that were output beside the answer.'
            . describe_output($dropped));
    }
}

/** Where it may have come from. Never what it is. */
function describe_output(string $output): string
{
    if (strncmp($output, BOM, strlen(BOM)) === 0) {
        foreach (get_included_files() as $file) {
            if (is_readable($file) && file_get_contents($file, false, null, 0, strlen(BOM)) === BOM) {
                return " It begins with the byte order mark of $file: save that file as UTF-8 without one.";
            }
        }
        return ' It begins with a byte order mark: save your PHP files as UTF-8 without one.';
    }
    $error = error_get_last();
    return $error === null ? '' : " The last error before it was in {$error['file']} line {$error['line']}.";
}

/** @param array{0: int, 1: array<string, string>, 2: string} $answer */
function send(array $answer): void
{
    [$status, $headers, $body] = $answer;
    drop_output();
    http_response_code($status);
    // Other sites' pages must not read the answer, whatever the app allows elsewhere.
    header_remove('Access-Control-Allow-Origin');
    header_remove('Access-Control-Allow-Credentials');
    foreach ($headers + ['Content-Length' => (string) strlen($body)] as $name => $value) {
        header("$name: $value");
    }
    echo $body;
    flush();
    if (function_exists('fastcgi_finish_request')) {
        fastcgi_finish_request();
    }
    // What comes later, of a shutdown function for example, is no part of the answer.
    ob_start(static function (): string {
        return '';
    }, 4096);
}
