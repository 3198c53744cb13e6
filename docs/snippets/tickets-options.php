<?php // getSessionID.php, behind a load balancer, with pages on another host and sessions that are bound to an address
require_once 'session-socket.php';

SessionSocket\answer($credentials, function () {
    return isset($_SESSION['user']) ? ['userId' => (string) $_SESSION['user']] : null;
}, [
    'cookies' => ['AWSALB*', 'UserID'], // beside the session cookie
    'origins' => ['https://app.example.com', 'capacitor://localhost'], // beside this host's own
    'address' => $_SERVER['HTTP_X_REAL_IP'] ?? $_SERVER['REMOTE_ADDR'], // of the browser, where a proxy is in front
]);
