<?php // app/Http/Middleware/RestoreBrowser.php: in bootstrap/app.php $middleware->prepend(RestoreBrowser::class)

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;

/** When the gateway asks, Laravel sees the address and the user agent of the browser that it asks for. */
class RestoreBrowser
{
    public function handle(Request $request, Closure $next)
    {
        $server = \SessionSocket\restore_browser(config('sockets.credentials'), $request->server->all());
        $request->server->replace($server);
        $request->headers->replace($request->server->getHeaders());

        return $next($request);
    }
}
