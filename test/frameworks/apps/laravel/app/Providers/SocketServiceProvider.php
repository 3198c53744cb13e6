<?php // app/Providers/SocketServiceProvider.php, named in bootstrap/providers.php

namespace App\Providers;

use Illuminate\Auth\Events\CurrentDeviceLogout;
use Illuminate\Auth\Events\Logout;
use Illuminate\Support\Facades\Event;
use Illuminate\Support\ServiceProvider;

class SocketServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        Event::listen([Logout::class, CurrentDeviceLogout::class], function ($event) {
            $sessionId = session()->getId();
            $userId = $event->user === null ? null : (string) $event->user->getAuthIdentifier();
            app()->terminating(function () use ($sessionId, $userId) { // when the session has been ended and saved
                ['credentials' => $credentials, 'api_url' => $apiUrl] = config('sockets');
                $fault = \SessionSocket\close_session($credentials, $apiUrl, $sessionId, $userId);
                if ($fault !== null) {
                    logger()->error("Sockets may be open: $fault");
                }
            });
        });
    }
}
