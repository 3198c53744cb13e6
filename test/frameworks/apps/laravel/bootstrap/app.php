<?php

use App\Http\Middleware\RestoreBrowser;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Configuration\Exceptions;
use Illuminate\Foundation\Configuration\Middleware;
use Illuminate\Http\Middleware\HandleCors;

return Application::configure(basePath: dirname(__DIR__))
    ->withRouting(
        web: __DIR__ . '/../routes/web.php',
        channels: __DIR__ . '/../routes/channels.php',
        then: fn () => require __DIR__ . '/../routes/sockets.php',
    )
    ->withMiddleware(function (Middleware $middleware) {
        $middleware->prepend(RestoreBrowser::class);
        $middleware->remove(HandleCors::class); // its package, fruitcake/php-cors, is not installed
    })
    ->withExceptions(function (Exceptions $exceptions) {
    })
    ->create();
