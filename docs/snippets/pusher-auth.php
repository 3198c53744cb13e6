<?php // pusher/auth: what Pusher's clients ask before they join a private- or presence- channel
require_once 'session-socket.php';

['socket_id' => $socketId, 'channel_name' => $channel] = $_POST + ['socket_id' => '', 'channel_name' => ''];
$mayJoin = $user !== null && in_array($channel, ["private-orders-$user", 'presence-office'], true); // your own rule
$member = ['userId' => (string) $user, 'userInfo' => ['name' => "User $user"]];
$answer = $mayJoin ? SessionSocket\authorize_channel($credentials, $socketId, $channel, $member) : null;

http_response_code($answer === null ? 403 : 200);
header('Content-Type: application/json');
echo json_encode($answer);
