<?php

use App\Events\OrderShipped;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Route;

Route::get('/', function (Request $request) {
    $request->session()->increment('visits');
    return '<form method="post" action="/logout">' . csrf_field() . '<button>Log out</button></form>';
});

Route::get('/browser', fn (Request $request) => [$request->ip(), $request->userAgent()]);

Route::get('/login', fn () => '<form method="post">' . csrf_field() . '<input name="name"><input name="password"></form>');

Route::post('/login', function (Request $request) {
    abort_unless(Auth::attempt($request->only('name', 'password'), $request->boolean('remember')), 403);
    $request->session()->regenerate();
    return redirect('/');
});

// As Laravel's starter kits have it.
Route::post('/logout', function (Request $request) {
    Auth::guard('web')->logout();
    $request->session()->invalidate();
    $request->session()->regenerateToken();
    return redirect('/');
});

Route::middleware('auth')->group(function () {
    Route::get('/orders', fn () => '<form method="post">' . csrf_field() . '<input name="order"></form>');
    Route::post('/orders', function (Request $request) {
        broadcast(new OrderShipped($request->integer('order'), (string) $request->user()->id))->toOthers();
        return response()->noContent();
    });
});
