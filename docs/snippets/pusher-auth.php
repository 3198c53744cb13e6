<?php // pusher/auth: answers Pusher's clients before they join a private- or presence- channel
require_once 'session-socket.php';

['socket_id' => $socketId, 'channel_name' => $channel] = $_POST + ['socket_id' => '', 'channel_name' => ''];
$mayJoin = $user !== null && in_array($channel, ["private-orders-$user", 'presence-office'], true); // your own rule
$member = ['userId' => (string) $user, 'userInfo' => ['name' => "User $user"]];
$answer = $mayJoin ? SessionSocket\authorize_channel($credentials, $socketId, $channel, $member) : null;

if (is_string($answer)) {
    error_log("Not signed: $answer");
}
http_response_code(is_array($answer) ? 200 : ($answer === null ? 403 : 500));
header('Content-Type: application/json');
echo json_encode(is_array($answer) ? $answer : null);
