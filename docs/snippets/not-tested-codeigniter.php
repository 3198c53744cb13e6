<?php // app/Controllers/SessionSocketController.php: NOT TESTED; $routes->get('getSessionID', 'SessionSocketController::show')

namespace App\Controllers;

class SessionSocketController extends BaseController
{
    private const CREDENTIALS = ['app_id' => '…', 'key' => '…', 'secret' => '…']; // or from your own config

    public function show()
    {
        $user = session()->get('user'); // whatever your login sets
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
        [$sessionId, $userId] = [session_id(), session()->get('user')];
        session()->destroy();
        \SessionSocket\close_session(self::CREDENTIALS, 'https://…', $sessionId, (string) $userId);
        return redirect()->to('/');
    }
}
