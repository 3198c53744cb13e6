<?php

return [App\Providers\AppServiceProvider::class, App\Providers\SocketServiceProvider::class];
