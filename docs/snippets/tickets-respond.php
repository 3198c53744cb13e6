<?php // if a framework opens the session: pass what it knows, and send what respond() returns
require_once 'session-socket.php';

$identity = $user === null ? null : ['userId' => (string) $user];
[$status, $headers, $body] = SessionSocket\respond($credentials, $_SERVER, $sessionId, $cookieName, $identity);

http_response_code($status);
foreach ($headers as $name => $value) {
    header("$name: $value");
}
echo $body;
