<?php // app/Http/Middleware/ReadSession.php

namespace App\Http\Middleware;

use Closure;
use Illuminate\Session\Middleware\StartSession;

/** Opens the session as Laravel does, but neither saves nor renews it, and makes none: no row, no file, no cookie. */
class ReadSession extends StartSession
{
    protected function handleStatefulRequest($request, $session, Closure $next)
    {
        $request->cookies->remove(auth()->guard()->getRecallerName()); // a login by "remember me" begins another session
        $request->setLaravelSession($this->startSession($request, $session));

        return $next($request);
    }
}
