<?php

declare(strict_types=1);

/** The ways to answer: a page, JSON, a redirect, a file of the page. */

const ASSETS = [
    '/assets/demo.css' => 'text/css; charset=utf-8',
    '/assets/icon.svg' => 'image/svg+xml',
    '/assets/element.js' => 'text/javascript; charset=utf-8',
    '/assets/home.js' => 'text/javascript; charset=utf-8',
    '/assets/private.js' => 'text/javascript; charset=utf-8',
    '/assets/room.js' => 'text/javascript; charset=utf-8',
    '/assets/socket.js' => 'text/javascript; charset=utf-8',
];

/** @param array<string, mixed> $data what the template in pages/ may use, by name */
function page(int $status, string $title, string $template, array $data = []): void
{
    // Scripts and styles come from this site only, and the page may talk to this site and the socket: an injected
    // script would neither run nor find anywhere to send the session id to.
    $socket = parse_url((string) socket_url());
    $socketOrigin = isset($socket['host'])
        ? $socket['scheme'] . '://' . $socket['host'] . (isset($socket['port']) ? ':' . $socket['port'] : '')
        : '';
    head($status, 'text/html; charset=utf-8');
    header("Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        . "connect-src 'self' $socketOrigin; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    $data += ['user' => null];
    extract($data, EXTR_SKIP);
    require __DIR__ . '/pages/layout.php';
}

/** @param mixed $value */
function json(int $status, $value): void
{
    head($status, 'application/json');
    echo json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
}

/** 303: whatever the request was, the browser asks for the next page with GET. */
function redirect(string $path): void
{
    head(303, 'text/plain; charset=utf-8');
    header("Location: $path");
}

function is_asset(string $path): bool
{
    return isset(ASSETS[$path]);
}

function asset(string $path): void
{
    head(200, ASSETS[$path]);
    readfile(__DIR__ . $path);
}

function head(int $status, string $type): void
{
    http_response_code($status);
    header_remove('X-Powered-By');
    header("Content-Type: $type");
    header('Cache-Control: no-store');
    header('X-Content-Type-Options: nosniff');
    header('Referrer-Policy: same-origin');
    header('Cross-Origin-Resource-Policy: same-origin');
}

function e(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}
