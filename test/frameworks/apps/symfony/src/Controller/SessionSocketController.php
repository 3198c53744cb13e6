<?php // src/Controller/SessionSocketController.php

namespace App\Controller;

use Symfony\Bundle\SecurityBundle\Security;
use Symfony\Component\DependencyInjection\Attribute\Autowire;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Routing\Attribute\Route;

class SessionSocketController
{
    #[Route('/getSessionID', methods: 'GET')]
    public function __invoke(
        Request $request,
        Security $security,
        #[Autowire(param: 'session_socket')] array $credentials,
    ): Response {
        $user = $request->hasPreviousSession() ? $security->getUser() : null;
        $identity = $user === null ? null : ['userId' => $user->getUserIdentifier()];
        $session = $request->getSession();
        [$status, $headers, $body] = \SessionSocket\respond(
            $credentials,
            $request->server->all(),
            $session->getId(),
            $session->getName(),
            $identity,
        );

        return new Response($body, $status, $headers);
    }
}
