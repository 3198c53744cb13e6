<?php // controllers/SessionSocketController.php: NOT TESTED; 'getSessionID' => 'session-socket/index' in the url manager's rules

namespace app\controllers;

use Yii;
use yii\web\Controller;
use yii\web\Response;

class SessionSocketController extends Controller
{
    public function actionIndex()
    {
        $session = Yii::$app->session;
        $isLoggedIn = $session->getHasSessionId() && !Yii::$app->user->isGuest; // no cookie, no session
        $identity = $isLoggedIn ? ['userId' => (string) Yii::$app->user->id] : null;
        [$status, $headers, $body] = \SessionSocket\respond(
            Yii::$app->params['sessionSocket'],
            $_SERVER,
            $session->getId(),
            $session->getName(),
            $identity
        );
        $response = Yii::$app->response;
        $response->format = Response::FORMAT_RAW;
        $response->statusCode = $status;
        foreach ($headers as $name => $value) {
            $response->headers->set($name, $value);
        }
        $response->content = $body;
        return $response;
    }

    public function actionLogout()
    {
        $user = Yii::$app->user->id; // before getId(): it opens the session
        $sessionId = Yii::$app->session->getId();
        Yii::$app->user->logout();
        $userId = $user === null ? null : (string) $user;
        $fault = \SessionSocket\close_session(Yii::$app->params['sessionSocket'], 'https://…', $sessionId, $userId);
        if ($fault !== null) {
            Yii::error("Sockets may be open: $fault");
        }
        return $this->goHome();
    }
}
