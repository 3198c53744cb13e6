<?php

declare(strict_types=1);

/** A plain PHP app: one user, PHP's own sessions, and the two routes of the documentation. */

set_include_path(__DIR__ . '/../../../../php');
ini_set('session.use_strict_mode', '1');

$credentials = [
    'app_id' => getenv('SESSION_SOCKET_APP_ID'),
    'key' => getenv('SESSION_SOCKET_KEY'),
    'secret' => getenv('SESSION_SOCKET_SECRET'),
];

switch ($_SERVER['REQUEST_METHOD'] . ' ' . strtok($_SERVER['REQUEST_URI'], '?')) {
    case 'GET /':
        session_start();
        $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
        echo '<form method="post" action="/logout"><button>Log out</button></form>';
        break;
    case 'GET /login':
        echo '<form method="post"><input name="name"><input name="password" type="password"></form>';
        break;
    case 'POST /login':
        $isAda = hash_equals('ada', $_POST['name']) && hash_equals('lovelace', $_POST['password']);
        http_response_code($isAda ? 303 : 403);
        if ($isAda) {
            session_start();
            session_regenerate_id(true);
            $_SESSION['user'] = $_POST['name'];
            header('Location: /');
        }
        break;
    case 'GET /getSessionID':
        require __DIR__ . '/../../../../docs/snippets/tickets.php';
        break;
    case 'POST /logout':
        require __DIR__ . '/../../../../docs/snippets/logout.php';
        header('Location: /', true, 303);
        break;
    default:
        http_response_code(404);
}
