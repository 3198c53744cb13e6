<?php

declare(strict_types=1);

/** Calls one method of Pusher's library, unmodified: php call.php '<JSON: credentials, options, method, arguments>' */

require __DIR__ . '/vendor/autoload.php';

['credentials' => $app, 'options' => $options, 'method' => $method, 'arguments' => $arguments]
    = json_decode($argv[1], true, 512, JSON_THROW_ON_ERROR);

$pusher = new Pusher\Pusher($app['key'], $app['secret'], $app['appId'], $options);
try {
    echo json_encode(['answer' => $pusher->$method(...$arguments)]);
} catch (Pusher\ApiErrorException $error) {
    echo json_encode(['status' => $error->getCode(), 'body' => $error->getMessage()]);
}
