<?php // getSessionID: whose session is this?
header('Cache-Control: no-store');
header('Content-Type: application/json');
if (isset($_COOKIE[session_name()])) {      // no cookie, no session file
    session_start(['read_and_close' => true, 'use_strict_mode' => 1]);
}
if (!isset($_SESSION['user'])) {            // whatever your login sets
    http_response_code(403);
    exit('null');
}
echo json_encode(session_id());
