<?php // routes/sockets.php, outside of routes/web.php: withRouting(then: fn () => require __DIR__ . '/../routes/sockets.php')

use App\Http\Middleware\ReadSession;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

Route::get('/getSessionID', function (Request $request) {
    $user = $request->user();
    $identity = $user === null ? null : ['userId' => (string) $user->getAuthIdentifier(), 'userInfo' => ['name' => $user->name]];
    [$status, $headers, $body] = SessionSocket\respond(
        config('sockets.credentials'),
        $request->server->all(),
        $request->session()->getId(),
        $request->session()->getName(),
        $identity,
    );

    return response($body, $status, $headers);
})->middleware([EncryptCookies::class, ReadSession::class]);
