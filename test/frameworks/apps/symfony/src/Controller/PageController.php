<?php

namespace App\Controller;

use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Routing\Attribute\Route;
use Symfony\Component\Security\Csrf\CsrfTokenManagerInterface;

class PageController
{
    #[Route('/', methods: 'GET')]
    public function home(Request $request): Response
    {
        $session = $request->getSession();
        $session->set('visits', $session->get('visits', 0) + 1);
        return new Response('<form method="post" action="/logout"><button>Log out</button></form>');
    }

    #[Route('/browser', methods: 'GET')]
    public function browser(Request $request): Response
    {
        return new Response(json_encode([$request->getClientIp(), $request->headers->get('User-Agent')]));
    }

    #[Route('/login', methods: ['GET', 'POST'])]
    public function login(CsrfTokenManagerInterface $tokens): Response
    {
        return new Response('<form method="post"><input name="name"><input name="password" type="password">'
            . '<input type="hidden" name="_csrf_token" value="' . $tokens->getToken('authenticate') . '"></form>');
    }
}
