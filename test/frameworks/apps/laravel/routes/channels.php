<?php

use App\Models\User;
use Illuminate\Support\Facades\Broadcast;

Broadcast::channel('orders.{userId}', fn (User $user, string $userId) => (string) $user->id === $userId);

Broadcast::channel('room.{name}', fn (User $user, string $name) => ['name' => $user->name]);
