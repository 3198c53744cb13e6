<?php // lib/plugins/sessionsocket/action.php, beside session-socket.php

require_once __DIR__ . '/session-socket.php';

class action_plugin_sessionsocket extends DokuWiki_Action_Plugin
{
    public function register(Doku_Event_Handler $controller)
    {
        $controller->register_hook('AUTH_LOGIN_CHECK', 'BEFORE', $this, 'watchSession');
        $controller->register_hook('AUTH_USER_CHANGE', 'AFTER', $this, 'closeUsers');
    }

    public function watchSession(Doku_Event $event)
    {
        [$sessionId, $user] = [session_id(), $this->userOfSession()];
        if ($event->data['user'] != '') {
            session_regenerate_id(true); // a new session for each login; DokuWiki would keep the one from before the login
        }
        if ($user === null) {
            return;
        }
        register_shutdown_function(function () use ($sessionId, $user) {
            if (session_id() !== $sessionId || $this->userOfSession() !== $user) {
                session_write_close(); // first the session, then its sockets
                $this->report(SessionSocket\close_session(SESSION_SOCKET, SESSION_SOCKET_API_URL, $sessionId, $user));
            }
        });
    }

    public function closeUsers(Doku_Event $event) // a new password, or no such user any more
    {
        ['type' => $type, 'params' => $params] = $event->data;
        $hasNewPassword = $type === 'modify' && isset($params[1]['pass']);
        foreach ($type === 'delete' || $hasNewPassword ? (array) $params[0] : [] as $user) {
            $this->report(SessionSocket\close_user(SESSION_SOCKET, SESSION_SOCKET_API_URL, $user));
        }
    }

    private function userOfSession(): ?string
    {
        return $_SESSION[DOKU_COOKIE]['auth']['user'] ?? null;
    }

    private function report(?string $fault): void
    {
        if ($fault !== null) {
            error_log("Sockets may be open: $fault");
        }
    }
}
