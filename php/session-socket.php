<?php

/**
 * session-socket: a user who is logged in to your PHP app can open a WebSocket, and nobody else can.
 *
 * This file is all that a PHP app needs, from PHP 7.4 on, with ext-openssl, ext-hash and ext-session.
 *
 * - It answers GET /getSessionID: a page of this site gets a ticket for the socket, the gateway gets the logged-in user.
 * - It publishes events.
 * - It signs permissions to join a channel.
 * - It closes the sockets of a session or a user.
 *
 *     SessionSocket\answer($credentials, function () {
 *         return isset($_SESSION['user']) ? ['userId' => (string) $_SESSION['user']] : null;
 *     });
 *
 * Credentials: `app_id` and `key` (the stack's outputs), `secret` (from Secrets Manager), and `previous_secret` while you
 * change the secret.
 *
 * The identity: null if nobody is logged in, otherwise an array. Every field is optional:
 *
 * - `userId`: a string of 1 to 128 bytes.
 * - `userInfo`: an array with names as keys, at most 2 KB. Other members of presence channels see it.
 * - `channels`: at most 100 patterns that the user may join, such as `private-orders-42` or `presence-room-*`.
 * - `expiresAt`: when the session ends, in epoch seconds.
 */

declare(strict_types=1);

namespace SessionSocket;

if (function_exists(__NAMESPACE__ . '\answer')) { // another copy has been loaded: two plug-ins may have one each
    (static function (): void {
        $used = (new \ReflectionFunction(__NAMESPACE__ . '\answer'))->getFileName();
        if (md5_file($used) !== md5_file(__FILE__)) {
            error_log('session-socket: ' . __FILE__ . " is another version than $used, which is used.");
        }
    })();
    return;
}

const TICKET_SECONDS = 30;
const CLOSE_SECONDS = 3.0;
const PUBLISH_SECONDS = 3.0;
const MAX_TRIES = 4;
const MAX_ANSWER_BYTES = 65536;
const CLOCK_SECONDS = 300;
const MAX_COOKIE_BYTES = 2048;
const MAX_TICKET_BYTES = 8192; // the gateway's own limit
// The gateway's limit. Together with its other data, an identity must fit into API Gateway's 8 KB of authorizer context.
const MAX_IDENTITY_BYTES = 3072;
const MAX_USER_ID_BYTES = 128;
const MAX_USER_INFO_BYTES = 2048;
const MAX_MEMBER_BYTES = 1024; // Pusher's: https://pusher.com/docs/channels/using_channels/presence-channels/
const MAX_CHANNELS = 100;
const MAX_EPOCH_SECONDS = 100000000000; // a larger number is in milliseconds, and its session would never end
const MAX_AGENT_BYTES = 1024;
const ADDRESS = '/^[0-9A-Fa-f:.]{2,45}$/D';
const VARY = 'Cookie, Origin, Sec-Fetch-Site, X-Session-Socket';
// Headers that apps behind a proxy read the browser's address from.
const PROXY_HEADERS = ['HTTP_X_FORWARDED_FOR', 'HTTP_FORWARDED', 'HTTP_X_REAL_IP', 'HTTP_CLIENT_IP', 'HTTP_X_CLIENT_IP',
    'HTTP_CF_CONNECTING_IP', 'HTTP_TRUE_CLIENT_IP', 'HTTP_FASTLY_CLIENT_IP', 'HTTP_X_CLUSTER_CLIENT_IP'];
// For the request that a browser sends before one with headers of the page. Allowing these headers has no other effect.
const PREFLIGHT = ['Access-Control-Allow-Methods' => 'GET', 'Access-Control-Max-Age' => '600', 'Vary' => VARY,
    'Access-Control-Allow-Headers' => 'Accept, Content-Type, X-Requested-With'];
const BOM = "\xEF\xBB\xBF";
const OPTIONS = ['cookies', 'origins', 'address'];
const SETTINGS = ['app_id', 'key', 'secret', 'previous_secret'];
const IDENTITY_FIELDS = ['userId', 'userInfo', 'channels', 'expiresAt'];
// Some hosts disable functions. Nothing can be signed without these; PHP 7.4 would only warn, and sign nothing.
const NEEDED = ['hash', 'hash_hmac', 'hash_hkdf', 'random_bytes', 'json_encode', 'time'];
const OF_STREAMS = ['stream_socket_client', 'stream_set_blocking', 'stream_select', 'fwrite', 'fread', 'feof', 'fclose'];
const OF_CURL = ['curl_init', 'curl_setopt_array', 'curl_exec', 'curl_errno', 'curl_getinfo'];
// Why there was no answer, with the host for %s.
const CAUSES = [
    'refused' => '%s refused the connection',
    'timed out' => '%s timed out',
    'unknown host' => '%s is an unknown host, because its name could not be resolved',
    'certificate' => "the certificate of %s is not accepted (PHP's list of authorities is openssl.cafile or curl.cainfo)",
    'no TLS' => '%s and this PHP found no TLS that both accept',
    'closed' => '%s closed the connection without a whole answer',
    'unreachable' => '%s could not be reached',
];

// PHP declares functions before it runs the file, and would fail for a second copy, unless they are in a block.
if (!function_exists(__NAMESPACE__ . '\answer')) {
    /** A mistake that the app's developer must fix. The message is one sentence, and nothing in it is secret. */
    final class Fault extends \LogicException
    {
    }

    /**
     * Answers the request, for apps with PHP's own sessions. Call it before `session_start()`. It drops any other output of
     * the request.
     *
     * @param array $credentials see above
     * @param callable $identify called with `$_SESSION` filled for reading; returns the identity, or null for nobody
     * @param array $options all optional:
     *     `cookies`: names of more cookies that your app needs to find the login, exact or `prefix*`, such as
     *     `['AWSALB*', 'UserID']`. Never list a remember-me cookie: it would log the user in again after a logout.
     *     `origins`: your other origins whose pages may get a ticket, such as `['https://app.example.com']`, compared exactly.
     *     `address`: the browser's IP address, if your app is behind a proxy and `REMOTE_ADDR` is the proxy's. In later session
     *     checks, `REMOTE_ADDR` and the headers of proxies hold this address.
     */
    function answer(
        #[\SensitiveParameter]
        array $credentials,
        callable $identify,
        array $options = []
    ): void {
        drop_output();
        if (headers_sent($file, $line)) {
            error_log("session-socket: answered nothing, because output has begun in $file line $line.");
            return;
        }
        ob_start(); // the app's own output, such as a notice, is not part of the answer
        $session = static function (array $browser) use ($identify, $options): ?array {
            // For the session handler too, because it may compare addresses.
            [$sessionId, $identity] = call_as($browser, static function () use ($identify): array {
                $sessionId = read_session($_SERVER);
                return [$sessionId, $sessionId === null ? null : $identify()];
            });
            if ($sessionId !== null && $identity === null && ($browser['address'] ?? '') !== '' && !isset($options['address'])) {
                log_proxy($_SERVER);
            }
            return $identity === null ? null : [$sessionId, session_name(), $identity];
        };
        send(reply($credentials, $_SERVER, time(), $session, $options));
    }

    /**
     * Returns the answer, for frameworks that open sessions themselves. If PHP's own session is open, it releases the session
     * unchanged. If the framework has its own session store, your route must not write to it.
     *
     * @param array $server `$_SERVER`, or the framework's copy of it
     * @param string $sessionId the framework's id of the session, not the value of an encrypted cookie
     * @param string $cookieName the name of the session cookie, as browsers send it
     * @param array|null $identity see above
     * @param array $options as for `answer()`
     * @return array{0: int, 1: array<string, string>, 2: string} status, headers, body
     */
    function respond(
        #[\SensitiveParameter]
        array $credentials,
        #[\SensitiveParameter]
        array $server,
        #[\SensitiveParameter]
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
     * Returns `$server` with the address and user agent of the browser, if the gateway asks about that browser's session. If
     * sessions are bound to one of them, call this before the framework builds its request:
     * `$_SERVER = SessionSocket\restore_browser($credentials, $_SERVER);`
     *
     * @return array unchanged `$server`, unless the gateway has signed this request
     */
    function restore_browser(
        #[\SensitiveParameter]
        array $credentials,
        #[\SensitiveParameter]
        array $server
    ): array {
        try {
            check_credentials($credentials);
            $isGateway = isset($server['HTTP_X_SESSION_SOCKET']) && find_signature_fault($credentials, $server, time()) === null;
            return $isGateway ? as_browser(signed_browser($server), $server) : $server;
        } catch (Fault $fault) {
            return $server; // respond() reports the problem
        }
    }

    /**
     * @param callable $session gets the browser's address and user agent as the gateway signed them; returns [session id, cookie
     *     name, identity] or null. Only called for the gateway and for pages that may get a ticket
     * @return array{0: int, 1: array<string, string>, 2: string}
     */
    function reply(
        #[\SensitiveParameter]
        array $credentials,
        #[\SensitiveParameter]
        array $server,
        int $now,
        #[\SensitiveParameter]
        callable $session,
        array $options = []
    ): array {
        $cors = [];
        try {
            check_credentials($credentials);
            check_options($options);
            $method = $server['REQUEST_METHOD'] ?? '';
            $cors = cors_headers($server, $options['origins'] ?? []);
            if ($cors === [] && !is_own_page($server)) {
                log_foreign_origin($server);
                return json(403, ['error' => 'Only pages of this site may ask.']);
            }
            if ($method === 'OPTIONS' && $cors !== []) {
                return [204, $cors + PREFLIGHT, ''];
            }
            if ($method !== 'GET') {
                return json(405, ['error' => 'Only GET is answered here.'], ['Allow' => 'GET'] + $cors);
            }
            $isGateway = isset($server['HTTP_X_SESSION_SOCKET']);
            $fault = $isGateway ? find_signature_fault($credentials, $server, $now) : null;
            if ($fault !== null) {
                error_log("session-socket: answered 421 to the gateway. $fault");
                return json(421, ['error' => "The gateway's signature is not accepted; PHP's error log says why."]);
            }
            [$sessionId, $cookieName, $identity] = $session($isGateway ? signed_browser($server) : []) ?? [null, null, null];
            $identity = $identity === null ? null : rebuild_identity($identity);
            // PHP removes old sessions at some later time, so an end that the app names is enforced here.
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
            // Not thrown again, because the trace would have the session id among its arguments.
            error_log("session-socket: answered 500. {$fault->getMessage()}");
            return json(500, ['error' => "PHP could not answer. PHP's error log says why."], $cors);
        }
    }

    /** @throws Fault that says which option is not valid */
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
            if (!is_string($name) || preg_match('/^[^\x00-\x20\x7f-\xff=;,*]+\*?$/D', $name) !== 1) {
                throw new Fault('One of the option cookies is not the name of a cookie, or its beginning and a *.');
            }
        }
        foreach ($options['origins'] ?? [] as $origin) {
            $form = '#^(?!file:|https://.*:443$|http://.*:80$)[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9]\d{0,4})?$#D';
            if (!is_string($origin) || preg_match($form, $origin) !== 1) {
                throw new Fault('One of the option origins is not an origin as browsers send it, such as '
                    . 'https://app.example.com: no path, no *, no capital letters, no port that is the usual one, and neither '
                    . 'null nor file.');
            }
        }
        if (filter_var($options['address'] ?? '0.0.0.0', FILTER_VALIDATE_IP) === false) {
            throw new Fault('The option address is not an IP address: one alone, without a port.');
        }
    }

    // --- Publishing

    /**
     * Publishes an event to all sockets that have joined a channel. It retries failed requests, with one key for all tries, so
     * the event is published once. Call it after `session_write_close()`: a page that waits should not hold the session's lock.
     *
     * It never throws, and neither do the other functions that call the gateway. If PHP lacks a function or an argument is
     * wrong, they return one sentence with nothing secret in it. Their arguments have no types, because PHP would throw.
     *
     * @param array $credentials see above
     * @param string $apiUrl the stack's output HttpApiUrl
     * @param string|string[] $channels one name, or up to 100
     * @param string $event the event's name
     * @param mixed $data for the page, at most 10 KB as JSON
     * @param string|null $socketId the socket of the page that caused the event; it does not get the event
     * @param string|null $idempotencyKey 8 to 64 of A-Z a-z 0-9 _ -. For a day, the same key with the same event is published
     *     once. Pass your own key if more than this call may be repeated, such as a job that a queue runs again after a crash
     * @param int|float $seconds when to give up. A name server that does not answer may take longer
     * @return string|null null if the event is published, even if nobody listens; otherwise one sentence that says why it may
     *     not be
     */
    function publish(
        #[\SensitiveParameter]
        $credentials,
        $apiUrl,
        $channels,
        $event,
        $data,
        $socketId = null,
        $idempotencyKey = null,
        $seconds = PUBLISH_SECONDS
    ): ?string {
        $kept = $credentials;
        $credentials = null; // $data may throw while it is written as JSON, and before PHP 8.2 its trace shows arguments
        try {
            check_credentials($kept);
            $to = is_array($channels)
                ? ['channels' => array_map(__NAMESPACE__ . '\read_channel', array_values($channels))]
                : ['channel' => read_channel($channels)];
            $except = $socketId === null ? [] : ['socket_id' => to_text($socketId, 'The socket id')];
            // Always as JSON, as by Pusher's library, so that the page gets "7" where it was "7" and 7 where it was 7.
            $body = to_json(['name' => to_text($event, "The event's name"), 'data' => to_json($data)] + $to + $except);
            $key = $idempotencyKey === null ? bin2hex(random_bytes(16)) : to_text($idempotencyKey, 'The idempotency key');
            if (preg_match('/^[A-Za-z0-9_-]{8,64}$/D', $key) !== 1) {
                throw new Fault('The idempotency key is not 8 to 64 of A-Z a-z 0-9 _ -.');
            }
            $write = static function () use ($body): string {
                return $body;
            };
            return post($kept, $apiUrl, 'events', $write, deadline_in($seconds), 'the event may not be published', $key);
        } catch (\Throwable $error) {
            return in_a_sentence($error);
        }
    }

    /** @param mixed $channel */
    function read_channel($channel): string
    {
        return to_text($channel, 'A channel');
    }

    /**
     * Signs a client's permission to join a `private-` or `presence-` channel. Pusher's clients ask for it before they join.
     * First decide whether this user may join.
     *
     * @param array $credentials see above
     * @param string $socketId the client's `socket_id`
     * @param string $channel the client's `channel_name`
     * @param array|null $member the user, for `presence-` channels: `userId`, and `userInfo` that the others see, as in the
     *     identity; at most 1 KB together
     * @return array<string, string>|string|null an array: send it as JSON. Null if the visitor's input is not valid: answer
     *     403. One sentence for your log if the credentials or the member are wrong: answer 500
     */
    function authorize_channel(
        #[\SensitiveParameter]
        $credentials,
        $socketId,
        $channel,
        $member = null
    ) {
        $kept = $credentials;
        $credentials = null; // as in publish(), for userInfo that throws
        try {
            check_credentials($kept);
            // Encrypted channels need more than a signature.
            $form = '/^(?=.{1,200}$)(private|presence)-(?!encrypted-)[A-Za-z0-9_=@,.;-]+$/D';
            if (!is_socket_id($socketId) || !is_string($channel) || preg_match($form, $channel, $match) !== 1) {
                return null;
            }
            if ($match[1] === 'private') {
                return ['auth' => sign_text($kept, "$socketId:$channel")];
            }
            $data = describe_user($member ?? [], 'user_id');
            return ['auth' => sign_text($kept, "$socketId:$channel:$data"), 'channel_data' => $data];
        } catch (\Throwable $error) {
            return in_a_sentence($error);
        }
    }

    /**
     * Signs the user of a client, for `pusher.signin()`.
     *
     * @param array $user `userId` and `userInfo`, as in the identity. If the identity has a `userId`, both must be the same
     * @return array<string, string>|string|null as `authorize_channel()`
     */
    function authorize_user(
        #[\SensitiveParameter]
        $credentials,
        $socketId,
        $user
    ) {
        $kept = $credentials;
        $credentials = null; // as in publish(), for userInfo that throws
        try {
            check_credentials($kept);
            if (!is_socket_id($socketId)) {
                return null;
            }
            $data = describe_user($user, 'id');
            return ['auth' => sign_text($kept, "{$socketId}::user::$data"), 'user_data' => $data];
        } catch (\Throwable $error) {
            return in_a_sentence($error);
        }
    }

    /**
     * The signed text is joined with `:`, so no part of it may contain one.
     *
     * @param mixed $text an array, if a visitor sends `socket_id[]=`
     */
    function is_socket_id($text): bool
    {
        return is_string($text) && preg_match('/^\d{1,64}\.\d{1,64}$/D', $text) === 1;
    }

    function sign_text(
        #[\SensitiveParameter]
        array $credentials,
        string $text
    ): string {
        return "{$credentials['key']}:" . hash_hmac('sha256', $text, $credentials['secret']);
    }

    /** @param mixed $user */
    function describe_user($user, string $idField): string
    {
        $known = rebuild_identity($user);
        if (!isset($known['userId']) || array_diff_key($known, ['userId' => 0, 'userInfo' => 0]) !== []) {
            throw new Fault('The user must be an array with userId, and userInfo if others may see more.');
        }
        $info = isset($known['userInfo']) ? ['user_info' => $known['userInfo']] : [];
        $data = to_json([$idField => $known['userId']] + $info);
        if (strlen($data) > MAX_MEMBER_BYTES) {
            throw new Fault('Others see the user, who may have ' . MAX_MEMBER_BYTES . ' bytes as JSON at most: shorten '
                . 'userInfo.');
        }
        return $data;
    }

    // --- Closing sockets

    /**
     * Closes all sockets of a session, in all tabs, for the logout. Destroy the session first: until then a page could open
     * another socket.
     *
     * @param array $credentials see above
     * @param string $apiUrl the stack's output HttpApiUrl
     * @param string $sessionId the session's id before you destroyed it, as `answer()` or `respond()` got it
     * @param string|null $userId the identity's `userId`. With it, sockets of a stack of 0.1.0 are found too, in the first
     *     minute after its update
     * @param int|float $seconds when to give up. A name server that does not answer may take longer
     * @return string|null null if they are closed, even if there was none; otherwise one sentence that says why they may not
     *     be. It never throws, so a logout does not fail because of it
     */
    function close_session(
        #[\SensitiveParameter]
        $credentials,
        $apiUrl,
        #[\SensitiveParameter]
        $sessionId,
        $userId = null,
        $seconds = CLOSE_SECONDS
    ): ?string {
        try {
            check_credentials($credentials);
            check_session_id($sessionId, 'The session id');
            $body = $userId === null ? '{}' : to_json(['user_id' => read_user_id($userId)]);
            $write = static function () use ($body): string {
                return $body;
            };
            return post_for_session($credentials, $apiUrl, $sessionId, 'terminate_connections', $write, deadline_in($seconds));
        } catch (\Throwable $error) {
            return in_a_sentence($error);
        }
    }

    /**
     * Closes all sockets of a user, in every session, for "log out everywhere" and for locked accounts. End their sessions
     * yourself first.
     *
     * @param string $userId any user id that can connect
     * @return string|null as `close_session()`
     */
    function close_user(
        #[\SensitiveParameter]
        $credentials,
        $apiUrl,
        $userId,
        $seconds = CLOSE_SECONDS
    ): ?string {
        try {
            check_credentials($credentials);
            $userId = read_user_id($userId);
            // The id is in the path if it fits there unescaped, because gateways of 0.1.0 read only the path. Otherwise the body
            // names the user. The path then has a name that gateways of 0.1.0 reject, so they do not close another user.
            $fits = preg_match('/^(?!\.{1,2}$)[A-Za-z0-9._~!$&\'()*+,;=:@-]{1,128}$/D', $userId) === 1;
            $name = $fits ? $userId : str_repeat('-', MAX_USER_ID_BYTES + 1);
            $body = $fits ? '{}' : to_json(['user_id' => $userId]);
            $write = static function () use ($body): string {
                return $body;
            };
            $path = "users/$name/terminate_connections";
            return post($credentials, $apiUrl, $path, $write, deadline_in($seconds), 'sockets may be open');
        } catch (\Throwable $error) {
            return in_a_sentence($error);
        }
    }

    /**
     * Moves the sockets of a session to its new id. Call it after `session_regenerate_id(true)`. Otherwise a logout does not
     * find them, and the next session check closes them. Sockets of a session without a user reconnect.
     *
     * @param string|null $userId the identity's `userId`; at a login, that of the user who has just logged in
     * @param string|null $cookie `name=value` of the session cookie as the browser will send it, and after `; ` each cookie
     *     that the option `cookies` names. The default is the cookie of PHP's own session alone
     * @return string|null as `close_session()`. The gateway's next check closes sockets that could not be moved
     */
    function rebind(
        #[\SensitiveParameter]
        $credentials,
        $apiUrl,
        #[\SensitiveParameter]
        $oldSessionId,
        #[\SensitiveParameter]
        $newSessionId,
        $userId = null,
        #[\SensitiveParameter]
        $cookie = null,
        $seconds = CLOSE_SECONDS
    ): ?string {
        try {
            check_credentials($credentials);
            check_session_id($oldSessionId, 'The old session id');
            check_session_id($newSessionId, 'The new session id');
            if ($cookie === null && !function_exists('session_name')) {
                throw new Fault('This PHP has no sessions of its own, so say what the cookie is, as in NAME=value.');
            }
            $cookie = $cookie ?? session_name() . '=' . urlencode($newSessionId);
            if (!is_string($cookie) || preg_match('/^[\x20-\x7e]{1,' . MAX_COOKIE_BYTES . '}$/D', $cookie) !== 1) {
                throw new Fault('The cookie is not 1 to ' . MAX_COOKIE_BYTES . ' plain characters, as in NAME=value.');
            }
            $who = $userId === null ? [] : ['user_id' => read_user_id($userId)];
            $identity = rebuild_identity($userId === null ? [] : ['userId' => $who['user_id']]);
            // A ticket is valid for one request, and the gateway may have used it before its answer was lost.
            $write = static function () use ($credentials, $cookie, $newSessionId, $identity, $who): string {
                $claims = ticket_claims($cookie, $newSessionId, $identity, time(), bin2hex(random_bytes(16)));
                return to_json($who + ['ticket' => seal_ticket($credentials, $claims, random_bytes(12))]);
            };
            return post_for_session($credentials, $apiUrl, $oldSessionId, 'rebind', $write, deadline_in($seconds));
        } catch (\Throwable $error) {
            return in_a_sentence($error);
        }
    }

    /** @param mixed $sessionId empty if the session has not begun or has already ended */
    function check_session_id(
        #[\SensitiveParameter]
        $sessionId,
        string $name
    ): void {
        if (!is_string($sessionId) || preg_match('/^[\x21-\x7e]{1,512}$/D', $sessionId) !== 1) {
            throw new Fault("$name is not 1 to 512 plain characters: ask for it while the session is open.");
        }
    }

    /** @param mixed $userId */
    function read_user_id($userId): string
    {
        $text = to_text($userId, 'The user id');
        if (preg_match('/^\P{Cc}{1,' . MAX_USER_ID_BYTES . '}$/Du', $text) !== 1) {
            throw new Fault('The user id is not 1 to ' . MAX_USER_ID_BYTES . ' characters of UTF-8 without control characters.');
        }
        return $text;
    }

    /**
     * Converts a value to a string, as PHP does for functions that need one: numbers, and objects with `__toString()`.
     *
     * @param mixed $value
     */
    function to_text($value, string $name): string
    {
        if (is_int($value) || (is_object($value) && method_exists($value, '__toString'))) {
            return (string) $value;
        }
        if (!is_string($value)) {
            throw new Fault("$name is not a string but " . strtolower(gettype($value)) . '.');
        }
        return $value;
    }

    /**
     * Calls almost no function, because the host may have disabled it. PHP's own messages about this file hold nothing secret;
     * the message of an exception of the app may hold anything.
     */
    function in_a_sentence(\Throwable $error): string
    {
        if ($error instanceof Fault) {
            return $error->getMessage();
        }
        if ($error instanceof \JsonException) {
            return "It cannot be written as JSON: {$error->getMessage()}.";
        }
        if ($error->getFile() === __FILE__) {
            return "This PHP cannot do it (is a function in disable_functions of php.ini?): {$error->getMessage()}.";
        }
        return 'An exception of the app stopped it: ' . get_class($error) . " in {$error->getFile()} line {$error->getLine()}.";
    }

    // --- The HTTP API

    /**
     * Sends a request about a session, by the hash of its id. While you change the secret, the gateway may know the session by
     * a hash with either secret. So this sends one request for each, and each gets its part of the time.
     *
     * @param callable $write as for `post()`
     */
    function post_for_session(
        #[\SensitiveParameter]
        array $credentials,
        $apiUrl,
        #[\SensitiveParameter]
        string $sessionId,
        string $action,
        #[\SensitiveParameter]
        callable $write,
        float $deadline
    ): ?string {
        $faults = [];
        $secrets = secrets($credentials);
        foreach ($secrets as $index => $secret) {
            $path = 'sessions/' . hash_hmac('sha256', $sessionId, derive_key($secret, 'session')) . "/$action";
            $until = now() + ($deadline - now()) / (count($secrets) - $index);
            $faults[] = post($credentials, $apiUrl, $path, $write, $until, 'sockets may be open');
        }
        return array_values(array_filter($faults))[0] ?? null;
    }

    /**
     * Retries until the answer is final, at most four times. The request must be safe to repeat: the first may have succeeded
     * although its answer was lost.
     *
     * @param callable $write returns the body; called again for each try
     * @param string $risk the possible effect of a failure, for the sentence
     * @return string|null null if it succeeded; otherwise one sentence with nothing secret in it
     */
    function post(
        #[\SensitiveParameter]
        array $credentials,
        $apiUrl,
        string $path,
        #[\SensitiveParameter]
        callable $write,
        float $deadline,
        string $risk,
        ?string $idempotencyKey = null
    ): ?string {
        $told = null;
        for ($try = 1;; $try++) {
            // Half of the remaining time, so that a try that hangs leaves time for another.
            $until = $try === MAX_TRIES ? $deadline : (now() + $deadline) / 2;
            $answer = request($credentials, $apiUrl, $path, $write(), $until, $idempotencyKey);
            // The last tries have little time and may time out. An earlier answer then says more than their timeout.
            $told = $answer[1] === 'timed out' ? $told ?? $answer : $answer;
            $pause = mt_rand(50, 150) / 1000 * 2 ** ($try - 1);
            if ($try === MAX_TRIES || now() + $pause >= $deadline || !may_pass($answer[0])) {
                return explain($told, (string) preg_replace('#^https?://|/$#D', '', $apiUrl), $risk);
            }
            if (function_exists('usleep')) {
                usleep((int) ($pause * 1e6));
            }
        }
    }

    /** Whether a retry may get another answer. */
    function may_pass(?int $status): bool
    {
        return $status === null || $status === 408 || $status === 429 || $status >= 500;
    }

    /**
     * Sends one request with Pusher's signature. It uses PHP's streams, which need no extension, or curl if the host has
     * disabled them or they have no TLS.
     *
     * @return array{0: int|null, 1: string} the status and the body; without an answer, null and one of CAUSES
     */
    function request(
        #[\SensitiveParameter]
        array $credentials,
        $apiUrl,
        string $path,
        #[\SensitiveParameter]
        string $body,
        float $deadline,
        ?string $idempotencyKey
    ): array {
        $form = '#^(https?)://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:\d+)?/?$#D';
        if (!is_string($apiUrl) || preg_match($form, $apiUrl, $match) !== 1) {
            throw new Fault("The URL of the HTTP API is not like https://….amazonaws.com: it is the stack's output HttpApiUrl.");
        }
        [, $scheme, $host, $port] = $match + [3 => '']; // as in every client, Host leaves out the scheme's default port
        if ($scheme === 'http' && !in_array($host, ['127.0.0.1', 'localhost', '[::1]'], true)) {
            throw new Fault('Only a loopback address may be http. Use https: the request is signed.');
        }
        $target = "/apps/{$credentials['app_id']}/$path";
        $target .= '?' . sign_query($credentials, 'POST', $target, $body, time());
        $headers = ["Host: $host$port", 'Accept: */*', 'User-Agent: session-socket', 'Content-Type: application/json'];
        if ($idempotencyKey !== null) {
            $headers[] = "Idempotency-Key: $idempotencyKey";
        }
        if (has_functions(OF_STREAMS) && ($scheme === 'http' || extension_loaded('openssl'))) {
            $address = ($scheme === 'https' ? 'tls' : 'tcp') . "://$host" . ($port ?: ($scheme === 'https' ? ':443' : ':80'));
            $head = array_merge(["POST $target HTTP/1.1"], $headers, ['Connection: close', 'Content-Length: ' . strlen($body)]);
            return exchange($address, implode("\r\n", $head) . "\r\n\r\n$body", $deadline);
        }
        if (has_functions(OF_CURL)) {
            return exchange_by_curl("$scheme://$host$port$target", $headers, $body, $deadline);
        }
        throw new Fault("This PHP cannot send a request: stream_socket_client() is disabled or knows no TLS (which takes the extension "
            . 'openssl), and the extension curl is missing or disabled too.');
    }

    /** @param string[] $names */
    function has_functions(array $names): bool
    {
        return array_filter($names, 'function_exists') === $names;
    }

    /**
     * @param array{0: int|null, 1: string} $answer
     * @param string $host the host of the request
     * @param string $risk the possible effect of a failure, for the sentence
     */
    function explain(array $answer, string $host, string $risk): ?string
    {
        [$status, $said] = $answer;
        switch ($status) {
            case 200:
                return trim($said) === '{}' ? null // what the HTTP API says, and no other page that happens to be there
                    : "$host answered 200, but not as the HTTP API does: is it the stack's output HttpApiUrl? So $risk.";
            case null:
                return 'The HTTP API did not answer: ' . sprintf(CAUSES[$said], $host) . "; $risk.";
            case 401:
                return "The HTTP API did not accept the signature (401): key or secret differ from the stack's, or a clock is off.";
            case 404:
                return "The HTTP API does not know this app (404): app_id differs from the stack's output AppId.";
            default:
                $isPlain = preg_match('/^[\x20-\x7e]{1,200}$/D', $said) === 1;
                return "The HTTP API answered $status; $risk." . ($isPlain ? " It said: $said" : '');
        }
    }

    /** Sends the request with PHP's streams. Every step ends at the deadline. Returns the same as `request()`. */
    function exchange(
        string $address,
        #[\SensitiveParameter]
        string $request,
        float $deadline
    ): array {
        $answer = '';
        $warnings = quietly(static function () use ($address, $request, $deadline, &$answer, &$code, &$message): void {
            $socket = stream_socket_client($address, $code, $message, max(0.001, $deadline - now()));
            if ($socket === false) {
                return;
            }
            $code = null;
            stream_set_blocking($socket, false);
            while (now() < $deadline && !feof($socket) && !is_whole($answer)) {
                if ($request !== '') {
                    $request = (string) substr($request, (int) fwrite($socket, $request));
                }
                $answer .= (string) fread($socket, 8192);
                $reads = [$socket];
                $writes = $request === '' ? null : [$socket];
                $none = null;
                if (is_whole($answer) || stream_select($reads, $writes, $none, 0, 20000) === false) {
                    break;
                }
            }
            fclose($socket);
        });
        if (now() >= $deadline && !is_whole($answer)) {
            return [null, 'timed out'];
        }
        return $code === null ? read_answer($answer) : [null, name_cause((int) $code, "$message $warnings")];
    }

    /** PHP reports network errors in the system's words, and TLS errors only in its warnings. */
    function name_cause(int $code, string $words): string
    {
        $signs = [
            'timed out' => '/timed? ?out/i',
            'unknown host' => '/getaddrinfo|getaddresses|resolve/i',
            'certificate' => '/certificate|Peer name|CN=/i',
            'refused' => '/refused/i',
            'no TLS' => '/SSL|TLS|crypto/i',
        ];
        foreach ($signs as $cause => $sign) {
            if (preg_match($sign, $words) === 1) {
                return $cause;
            }
        }
        // The error numbers of Linux, macOS and Windows. The text is not enough, because Windows translates it.
        return in_array($code, [111, 61, 10061], true) ? 'refused' : (in_array($code, [110, 60, 10060], true) ? 'timed out'
            : 'unreachable');
    }

    /** The same with curl. */
    function exchange_by_curl(
        #[\SensitiveParameter]
        string $url,
        array $headers,
        #[\SensitiveParameter]
        string $body,
        float $deadline
    ): array {
        $said = '';
        $milliseconds = max(1, (int) (($deadline - now()) * 1000));
        $curl = null;
        quietly(static function () use ($url, $headers, $body, $milliseconds, &$said, &$curl): void {
            $curl = curl_init();
            curl_setopt_array($curl, [
                CURLOPT_URL => $url,
                CURLOPT_POSTFIELDS => $body,
                CURLOPT_HTTPHEADER => array_merge($headers, ['Expect:']),
                CURLOPT_PROXY => '', // as without curl
                CURLOPT_NOSIGNAL => true,
                CURLOPT_CONNECTTIMEOUT_MS => $milliseconds,
                CURLOPT_TIMEOUT_MS => $milliseconds,
                CURLOPT_WRITEFUNCTION => static function ($curl, string $piece) use (&$said): int {
                    $said .= $piece;
                    return strlen($said) > MAX_ANSWER_BYTES ? 0 : strlen($piece);
                },
            ]);
            curl_exec($curl);
        });
        $causes = [
            CURLE_COULDNT_RESOLVE_HOST => 'unknown host',
            CURLE_OPERATION_TIMEDOUT => 'timed out',
            CURLE_GOT_NOTHING => 'closed',
            CURLE_RECV_ERROR => 'closed',
            CURLE_SEND_ERROR => 'closed',
            CURLE_PARTIAL_FILE => 'closed',
            CURLE_SSL_CONNECT_ERROR => 'no TLS',
            CURLE_SSL_CACERT => 'certificate',
            CURLE_SSL_CACERT_BADFILE => 'certificate',
            CURLE_SSL_PEER_CERTIFICATE => 'certificate',
        ];
        $code = curl_errno($curl);
        return $code === 0 || $code === CURLE_WRITE_ERROR
            ? [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $said]
            : [null, $causes[$code] ?? name_cause(curl_getinfo($curl, CURLINFO_OS_ERRNO), '')];
    }

    /**
     * Hides warnings from the app, because many apps turn them into exceptions, even those behind an `@`.
     *
     * @return string the text of the warnings
     */
    function quietly(
        #[\SensitiveParameter]
        callable $act
    ): string {
        $warnings = '';
        set_error_handler(static function (int $level, string $message) use (&$warnings): bool {
            $warnings .= " $message";
            return true;
        });
        try {
            $act();
        } finally {
            restore_error_handler();
        }
        return $warnings;
    }

    /** Whether the answer is complete, by its own length. */
    function is_whole(string $answer): bool
    {
        [$head, $body] = explode("\r\n\r\n", $answer, 2) + ['', null];
        if ($body === null || strlen($answer) > MAX_ANSWER_BYTES) {
            return $body !== null;
        }
        if (preg_match('/^transfer-encoding: *chunked\r?$/mi', $head) === 1) {
            return preg_match('/(^|\r\n)0\r\n/', $body) === 1;
        }
        return preg_match('/^content-length: *(\d+)\r?$/mi', $head, $match) === 1 && strlen($body) >= (int) $match[1];
    }

    /** Reads the answer. If it has no length, everything before the end counts. Returns the same as `request()`. */
    function read_answer(string $answer): array
    {
        [$head, $body] = explode("\r\n\r\n", $answer, 2) + ['', null];
        $isCut = $body === null || (preg_match('/^(content-length|transfer-encoding):/mi', $head) === 1 && !is_whole($answer));
        if ($isCut || preg_match('#^HTTP/1\.[01] (\d{3})[ \r]#', $head . "\r", $match) !== 1) {
            return [null, 'closed'];
        }
        $isInChunks = preg_match('/^transfer-encoding: *chunked\r?$/mi', $head) === 1;
        return [(int) $match[1], $isInChunks ? join_chunks($body) : $body];
    }

    /** https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
    function join_chunks(string $body): string
    {
        $joined = '';
        while (preg_match('/^([0-9a-f]{1,8})[^\r\n]*\r\n/i', $body, $match) === 1 && hexdec($match[1]) > 0) {
            $joined .= substr($body, strlen($match[0]), (int) hexdec($match[1]));
            $body = (string) substr($body, strlen($match[0]) + (int) hexdec($match[1]) + 2);
        }
        return $joined;
    }

    /** Seconds of a clock that never goes back. */
    function now(): float
    {
        return function_exists('hrtime') ? hrtime(true) / 1e9 : microtime(true);
    }

    /** @param mixed $seconds */
    function deadline_in($seconds): float
    {
        if ((!is_int($seconds) && !is_float($seconds)) || !($seconds > 0) || $seconds > 3600) {
            throw new Fault('The seconds after which it gives up are not a number above 0 and up to 3600.');
        }
        return now() + $seconds;
    }

    /** Pusher's: https://pusher.com/docs/channels/library_auth_reference/rest-api/#authentication */
    function sign_query(
        #[\SensitiveParameter]
        array $credentials,
        string $method,
        string $path,
        string $body,
        int $now
    ): string {
        $query = "auth_key={$credentials['key']}&auth_timestamp=$now&auth_version=1.0&body_md5=" . hash('md5', $body);
        return "$query&auth_signature=" . hash_hmac('sha256', "$method\n$path\n$query", $credentials['secret']);
    }

    // --- The page or gateway that asks

    /**
     * Browsers name the site of the page in Sec-Fetch-Site, and older ones in Origin. The scheme is not compared: behind a proxy
     * that ends TLS, PHP does not know its own scheme.
     */
    function is_own_page(
        #[\SensitiveParameter]
        array $server
    ): bool {
        if (!in_array($server['HTTP_SEC_FETCH_SITE'] ?? 'none', ['same-origin', 'none'], true)) {
            return false;
        }
        if (!isset($server['HTTP_ORIGIN'])) {
            return true;
        }
        $ownHost = strtolower((string) ($server['HTTP_HOST'] ?? ''));
        if (preg_match('#^(https?)://([^/\s]+)$#D', (string) $server['HTTP_ORIGIN'], $origin) !== 1) {
            return false; // also "null", which a sandboxed frame of any site sends
        }
        [, $scheme, $host] = $origin;
        return $ownHost === $host || $ownHost === $host . ($scheme === 'https' ? ':443' : ':80');
    }

    /**
     * Lets a page of a listed origin read the answer, and lets the browser send its cookies.
     *
     * @param string[] $origins
     * @return array<string, string> empty for any other page
     */
    function cors_headers(
        #[\SensitiveParameter]
        array $server,
        array $origins
    ): array {
        $origin = $server['HTTP_ORIGIN'] ?? null;
        return in_array($origin, $origins, true)
            ? ['Access-Control-Allow-Origin' => $origin, 'Access-Control-Allow-Credentials' => 'true']
            : [];
    }

    function log_foreign_origin(
        #[\SensitiveParameter]
        array $server
    ): void {
        if (isset($server['HTTP_ORIGIN'])) {
            $origin = shorten((string) $server['HTTP_ORIGIN']);
            error_log("session-socket: answered 403 to a page of $origin. If that is yours, list it in the option origins.");
        }
    }

    /**
     * `X-Session-Socket: kid=<key>,t=<epoch seconds>,s=<hex>`.
     *
     * @return string|null null if the gateway has signed this request; otherwise the problem and how to fix it
     */
    function find_signature_fault(
        #[\SensitiveParameter]
        array $credentials,
        #[\SensitiveParameter]
        array $server,
        int $now
    ): ?string {
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
            $path = shorten(explode('?', $pathAndQuery, 2)[0]);
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

    /** The secret that signed this request, or null if the app does not have it. */
    function find_signer(
        #[\SensitiveParameter]
        array $credentials,
        #[\SensitiveParameter]
        array $server
    ): ?string {
        preg_match('/t=([0-9]+),s=([0-9a-f]+)$/D', (string) $server['HTTP_X_SESSION_SOCKET'], $match);
        [, $time, $signature] = $match;
        $found = null;
        foreach (secrets($credentials) as $secret) { // all of them, so that the time does not show which one matches
            $found = hash_equals(sign_request($secret, $server, $time), $signature) ? $secret : $found;
        }
        return $found;
    }

    /**
     * The `s` of the header, in hex. It covers the method, the path with its query, the time, the Cookie header as it arrived,
     * and the browser's address and user agent if the ticket has them.
     */
    function sign_request(
        #[\SensitiveParameter]
        string $secret,
        #[\SensitiveParameter]
        array $server,
        string $time
    ): string {
        $pathAndQuery = (string) ($server['REQUEST_URI'] ?? '');
        $cookieHash = hash('sha256', (string) ($server['HTTP_COOKIE'] ?? ''));
        $browser = signed_browser($server);
        $seen = $browser === [] ? '' : "\n" . implode("\n", $browser);
        return hash_hmac('sha256', "GET\n$pathAndQuery\n$time\n$cookieHash$seen", derive_key($secret, 'request'));
    }

    /**
     * The gateway accepts "not logged in" only with this header, because a firewall or a web server can answer 403 too. The
     * signature is valid for this one request.
     *
     * @return array<string, string>
     */
    function sign_no(
        #[\SensitiveParameter]
        array $credentials,
        #[\SensitiveParameter]
        array $server
    ): array {
        $request = substr((string) $server['HTTP_X_SESSION_SOCKET'], -64);
        $key = derive_key((string) find_signer($credentials, $server), 'request');
        return ['X-Session-Socket-Answer' => 'no,s=' . hash_hmac('sha256', "no\n$request", $key)];
    }

    // --- The browser that the gateway asks for

    /**
     * The ticket's data about the browser, for apps that bind sessions to it.
     *
     * @return array{a?: string, u?: string} the address, and the user agent in base64url, because it may not be UTF-8
     */
    function seen_browser(
        #[\SensitiveParameter]
        array $server,
        ?string $address
    ): array {
        $address = $address ?? (string) ($server['REMOTE_ADDR'] ?? '');
        $agent = (string) ($server['HTTP_USER_AGENT'] ?? '');
        $isShort = $agent !== '' && strlen($agent) <= MAX_AGENT_BYTES;
        return (preg_match(ADDRESS, $address) === 1 ? ['a' => $address] : [])
            + ($isShort ? ['u' => to_base64url($agent)] : []);
    }

    /**
     * The same data as the gateway sends it back. Trust it only if the gateway has signed the request.
     *
     * @return array{}|array{address: string, agent: string} empty strings for data that the ticket did not have
     */
    function signed_browser(
        #[\SensitiveParameter]
        array $server
    ): array {
        $address = $server['HTTP_X_SESSION_SOCKET_ADDRESS'] ?? null;
        $agent = $server['HTTP_X_SESSION_SOCKET_AGENT'] ?? null;
        return $address === null && $agent === null ? [] : ['address' => (string) $address, 'agent' => (string) $agent];
    }

    /** Changes `$server` as if the browser itself had sent the request. Proxies' headers get the browser's address too. */
    function as_browser(
        array $browser,
        #[\SensitiveParameter]
        array $server
    ): array {
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

    /** An address as RFC 7239 requires it, IPv6 in quotes: https://www.rfc-editor.org/rfc/rfc7239#section-6 */
    function quote_address(string $address): string
    {
        return strpos($address, ':') === false ? $address : "\"[$address]\"";
    }

    function is_other_browser(
        array $browser,
        #[\SensitiveParameter]
        array $server
    ): bool {
        return as_browser($browser, $server) !== $server;
    }

    /** An app that reads these headers saw the browser's address at the page's request, and the gateway's at the handshake. */
    function log_proxy(
        #[\SensitiveParameter]
        array $server
    ): void {
        if (array_intersect_key($server, array_flip(PROXY_HEADERS)) !== []) {
            error_log('session-socket: somebody has a session, nobody is logged in, and a proxy names the address. Where sessions '
                . 'are bound to it, pass it in the option address.');
        }
    }

    /**
     * Calls the app's function as if the browser itself had sent the request.
     *
     * @return mixed
     */
    function call_as(array $browser, callable $act)
    {
        $server = $_SERVER;
        $_SERVER = as_browser($browser, $server);
        try {
            return $act();
        } finally {
            $_SERVER = $server;
        }
    }

    // --- The session

    /**
     * Opens the session of the request for reading only, and releases its lock at once. It writes nothing, sets no cookie and
     * does not renew the session. An open tab must not keep a session alive or block other pages.
     *
     * @return string|null the session's id, with `$_SESSION` filled; null if the request has no existing session
     */
    function read_session(
        #[\SensitiveParameter]
        array $server
    ): ?string {
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
            'use_cookies' => 0, // the id is known, and this route never sets a cookie
            'cache_limiter' => '', // the answer has no-store already
            'gc_probability' => 0, // the app's pages remove old sessions
            'use_only_cookies' => 1, // never one that is in a URL
            'use_trans_sid' => 0, // otherwise PHP writes the id into everything in the answer that looks like a link
        ]);
        if (!$isOpen) {
            throw new Fault('PHP could not read the session; the line before this one says why.');
        }
        return session_id() === $sessionId ? $sessionId : null;
    }

    /**
     * Releases the lock of an open session and writes nothing, so the session is not renewed. If this request has changed the
     * session's id, the session stays open: the browser gets the new id, and the app must save the new session.
     */
    function let_go(
        #[\SensitiveParameter]
        array $server,
        #[\SensitiveParameter]
        string $sessionId,
        string $cookieName
    ): void {
        $isOpen = function_exists('session_status') && session_status() === PHP_SESSION_ACTIVE;
        if ($isOpen && session_id() === $sessionId && urldecode((string) find_cookie($server, $cookieName)) === $sessionId) {
            session_abort();
        }
    }

    /**
     * Whether the session may exist. Even in strict mode PHP creates a new session and its file for an invented id, one for
     * each guess, so this looks first. It can look only into session files, and not if open_basedir hides their folder.
     * Otherwise it checks the shape of the id only.
     */
    function may_exist(
        #[\SensitiveParameter]
        string $sessionId
    ): bool {
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

    /** A cookie's value as the browser sent it, not decoded. The first of two with the same name counts, as in `$_COOKIE`. */
    function find_cookie(
        #[\SensitiveParameter]
        array $server,
        string $name
    ): ?string {
        foreach (explode(';', (string) ($server['HTTP_COOKIE'] ?? '')) as $pair) {
            [$itsName, $value] = explode('=', ltrim($pair), 2) + ['', null];
            if ($itsName === $name && $value !== null) {
                return $value;
            }
        }
        return null;
    }

    /**
     * The Cookie header that the gateway will send: the session cookie, even if its value is encrypted, and the cookies that
     * the app lists. Values and order are those of the browser.
     *
     * @param string[] $names exact, or with a `*` at the end
     */
    function cookies_to_replay(
        #[\SensitiveParameter]
        array $server,
        string $cookieName,
        array $names
    ): string {
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
                throw new Fault('The cookie ' . shorten($name) . ' has characters that no header should have, so it cannot be '
                    . 'sealed.');
            }
            if ($isNamed) {
                $cookies[] = $pair;
            }
        }
        $header = implode('; ', array_unique($cookies));
        if (strlen($header) > MAX_COOKIE_BYTES) {
            $sizes = array_map(static function (string $pair): string {
                return shorten(explode('=', $pair, 2)[0]) . ' ' . strlen($pair);
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
     * Builds a new identity field by field, so that no other field leaves the app.
     *
     * @param mixed $identity the return value of the app's function
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
     * The plaintext of a ticket: the cookies to replay, the session, the user, the browser, the times when it begins and ends,
     * and a nonce.
     */
    function ticket_claims(
        #[\SensitiveParameter]
        string $cookies,
        #[\SensitiveParameter]
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
     * `t1.<key>.<base64url(iv ‖ ciphertext ‖ tag)>`, AES-256-GCM. `key` and `app_id` are authenticated too.
     *
     * @param string $iv 12 random bytes, never the same twice
     */
    function seal_ticket(
        #[\SensitiveParameter]
        array $credentials,
        #[\SensitiveParameter]
        string $claims,
        string $iv
    ): string {
        if (!function_exists('openssl_encrypt')) {
            throw new Fault('Tickets need the extension openssl, which this PHP does not have.');
        }
        $head = "t1.{$credentials['key']}";
        $key = derive_key($credentials['secret'], 'ticket');
        $aad = "$head|{$credentials['app_id']}";
        $sealed = openssl_encrypt($claims, 'aes-256-gcm', $key, OPENSSL_RAW_DATA, $iv, $tag, $aad, 16);
        if ($sealed === false) {
            throw new Fault('OpenSSL could not seal the ticket: does this build of PHP have aes-256-gcm?');
        }
        $ticket = "$head." . to_base64url($iv . $sealed . $tag);
        if (strlen($ticket) > MAX_TICKET_BYTES) {
            throw new Fault('The ticket would have ' . strlen($ticket) . ' bytes, and ' . MAX_TICKET_BYTES . ' is the limit: '
                . 'shorten the identity, or name fewer cookies in the option cookies.');
        }
        return $ticket;
    }

    function to_base64url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    // --- The credentials

    /** A separate key of 32 bytes for each purpose, so that a value made for one is not valid for another. */
    function derive_key(
        #[\SensitiveParameter]
        string $secret,
        string $purpose
    ): string {
        return hash_hkdf('sha256', $secret, 32, "session-socket/$purpose", '');
    }

    /** @return string[] the current secret first, which seals; requests may be signed with either */
    function secrets(
        #[\SensitiveParameter]
        array $credentials
    ): array {
        $previous = $credentials['previous_secret'] ?? '';
        return $previous === '' || $previous === false ? [$credentials['secret']] : [$credentials['secret'], $previous];
    }

    /**
     * @param mixed $credentials
     * @throws Fault that says which setting is missing or not valid. getenv() returns false for a missing one.
     */
    function check_credentials(
        #[\SensitiveParameter]
        $credentials
    ): void {
        foreach (NEEDED as $function) {
            if (!function_exists($function)) {
                throw new Fault("This PHP has no function $function(): take it out of disable_functions in php.ini.");
            }
        }
        if (!is_array($credentials)) {
            throw new Fault('The credentials are not an array with ' . implode(', ', SETTINGS) . '.');
        }
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
            'Cache-Control' => 'no-store', // a cache that stores it would give one visitor's answer to all
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
     * Drops the output so far, if it is still in PHP's buffers, and ends the buffers. Some of them change their content: they
     * compress it, or write session ids into links.
     */
    function drop_output(): void
    {
        $dropped = '';
        while (((ob_get_status()['flags'] ?? 0) & PHP_OUTPUT_HANDLER_REMOVABLE) !== 0) {
            $output = ob_get_contents();
            if (!@ob_end_clean()) {
                break;
            }
            $dropped = $output . $dropped;
        }
        if (!headers_sent()) {
            header_remove('Content-Encoding');
        }
        if ($dropped !== '') {
            error_log('session-socket: dropped ' . strlen($dropped) . ' bytes that were output beside the answer.'
                . describe_output($dropped));
        }
    }

    /** The kind of output and its likely source; never its content. */
    function describe_output(string $output): string
    {
        if (strpos($output, BOM) !== false) {
            foreach (get_included_files() as $file) {
                if (is_readable($file) && file_get_contents($file, false, null, 0, strlen(BOM)) === BOM) {
                    return " The byte order mark at the beginning of $file is among them: save that file as UTF-8 without one.";
                }
            }
            return ' A byte order mark is among them: save your PHP files as UTF-8 without one.';
        }
        if (trim($output) === '') {
            return ' They are white space: look before <?php and after ?> in the files of your app.';
        }
        $error = error_get_last();
        return $error === null ? '' : " PHP's last error or notice before was in {$error['file']} line {$error['line']}.";
    }

    /** Makes a text from outside safe for one line of the log. */
    function shorten(string $text): string
    {
        return (string) preg_replace('/[^\x21-\x7e]/', '?', substr($text, 0, 200));
    }

    /**
     * Sends the answer and nothing else. It drops later output, such as that of shutdown functions or `auto_append_file`.
     *
     * @param array{0: int, 1: array<string, string>, 2: string} $answer
     */
    function send(array $answer): void
    {
        [$status, $headers, $body] = $answer;
        drop_output();
        http_response_code($status);
        // Pages of other sites must not read the answer, even if the app allows it for other routes.
        header_remove('Access-Control-Allow-Origin');
        header_remove('Access-Control-Allow-Credentials');
        // Clients read no further, even if more is sent. A buffer that cannot be ended may change the length.
        $length = $status === 204 || ob_get_level() > 0 ? [] : ['Content-Length' => (string) strlen($body)];
        foreach ($headers + $length as $name => $value) {
            header("$name: $value");
        }
        echo $body;
        flush();
        foreach (['fastcgi_finish_request', 'litespeed_finish_request'] as $finish) { // php-fpm, FrankenPHP; LiteSpeed
            if (function_exists($finish)) {
                $finish();
            }
        }
        ob_start(static function (): string {
            return '';
        }, 4096);
    }
}
