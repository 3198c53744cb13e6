<?php // app/Controllers/SessionSocketController.php: NOT TESTED; $routes->get('getSessionID', 'SessionSocketController::show')

namespace App\Controllers;

class SessionSocketController extends BaseController
{
    private const CREDENTIALS = ['app_id' => '…', 'key' => '…', 'secret' => '…']; // or from your own config

    public function show()
    {
        $user = session()->get('user'); // whatever your login sets; session() opens the session, so that it has an id
        $identity = $user === null ? null : ['userId' => (string) $user];
        [$status, $headers, $body] = \SessionSocket\respond(
            self::CREDENTIALS,
            $_SERVER,
            session_id(),
            config('Session')->cookieName,
            $identity
        );
        foreach ($headers as $name => $value) {
            $this->response->setHeader($name, $value);
        }
        return $this->response->setStatusCode($status)->setBody($body);
    }

    public function logOut()
    {
        $user = session()->get('user'); // before session_id(): session() opens the session
        $sessionId = session_id();
        session()->destroy();
        $userId = $user === null ? null : (string) $user;
        $fault = \SessionSocket\close_session(self::CREDENTIALS, 'https://…', $sessionId, $userId);
        if ($fault !== null) {
            log_message('error', "Sockets may be open: $fault");
        }
        return redirect()->to('/');
    }
}
