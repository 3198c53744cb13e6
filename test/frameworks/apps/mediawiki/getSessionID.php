<?php // getSessionID.php, beside MediaWiki's index.php

const MW_ENTRY_POINT = 'getSessionID';
const MW_SETUP_CALLBACK = 'leaveSessionAlone';

function leaveSessionAlone(): void
{
    global $wgObjectCacheSessionExpiry, $wgHooks;
    $wgObjectCacheSessionExpiry = 0; // no session is kept alive by a question
    $wgHooks['WebResponseSetCookie'][] = fn() => false; // and no cookie is set or cleared
}

foreach (preg_grep('/Token$/', array_keys($_COOKIE)) as $rememberMe) {
    unset($_COOKIE[$rememberMe]); // it would start a session where there is none
}
require __DIR__ . '/includes/WebStart.php';

$user = RequestContext::getMain()->getUser();
$identity = $user->isRegistered() ? ['userId' => (string) $user->getId(), 'userInfo' => ['name' => $user->getName()]] : null;
SessionSocket\send(SessionSocket\respond(
    SESSION_SOCKET,
    $_SERVER,
    $user->getRequest()->getSession()->getId(),
    $wgSessionName ?: $wgCookiePrefix . '_session',
    $identity,
    ['cookies' => [$wgCookiePrefix . 'UserID']]
));
