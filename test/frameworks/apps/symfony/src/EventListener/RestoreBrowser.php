<?php // src/EventListener/RestoreBrowser.php

namespace App\EventListener;

use Symfony\Component\DependencyInjection\Attribute\Autowire;
use Symfony\Component\EventDispatcher\Attribute\AsEventListener;
use Symfony\Component\HttpKernel\Event\RequestEvent;

/** When the gateway asks, Symfony sees the address and the user agent of the browser that it asks for. */
#[AsEventListener(priority: 4096)]
class RestoreBrowser
{
    public function __construct(#[Autowire(param: 'session_socket')] private array $credentials)
    {
    }

    public function __invoke(RequestEvent $event): void
    {
        $request = $event->getRequest();
        $request->server->replace(\SessionSocket\restore_browser($this->credentials, $request->server->all()));
        $request->headers->replace($request->server->getHeaders());
    }
}
