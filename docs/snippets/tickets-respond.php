<?php // where the framework opens the session: three things that it knows, and its own way to answer
require_once 'session-socket.php';

$identity = $user === null ? null : ['userId' => (string) $user];
[$status, $headers, $body] = SessionSocket\respond($credentials, $_SERVER, $sessionId, $cookieName, $identity);

http_response_code($status);
foreach ($headers as $name => $value) {
    header("$name: $value");
}
echo $body;
