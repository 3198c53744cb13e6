<?php // src/EventListener/CloseSockets.php

namespace App\EventListener;

use Psr\Log\LoggerInterface;
use Symfony\Component\DependencyInjection\Attribute\Autowire;
use Symfony\Component\EventDispatcher\Attribute\AsEventListener;
use Symfony\Component\Security\Http\Event\LogoutEvent;

#[AsEventListener(priority: 10)]
class CloseSockets
{
    public function __construct(
        #[Autowire(param: 'session_socket')] private array $credentials,
        #[Autowire(env: 'SESSION_SOCKET_API_URL')] private string $apiUrl,
        private LoggerInterface $logger,
    ) {
    }

    public function __invoke(LogoutEvent $event): void
    {
        $session = $event->getRequest()->getSession();
        $sessionId = $session->getId();
        $session->invalidate(); // first the session, then its sockets: until then a page could open another
        $userId = $event->getToken()?->getUserIdentifier();
        $fault = \SessionSocket\close_session($this->credentials, $this->apiUrl, $sessionId, $userId);
        if ($fault !== null) {
            $this->logger->error("Sockets may be open: $fault");
        }
    }
}
