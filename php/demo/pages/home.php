<?php /** @var ?string $user @var string $socketUrl @var string $way token or cookie */ ?>
<h1>Who is logged in over PHP is logged in over WebSocket.</h1>
<?php if ($way === 'cookie' && $user !== null): ?>
<p class="lead">This page is public, and its browser has a session whose cookie goes to the socket as well.</p>
<?php else: ?>
<p class="lead">This page is public. To show what a stranger gets, it has just knocked at the socket with <?= $way === 'cookie'
    ? 'nothing at all: its browser has no session.'
    : 'a token that no session stands behind.' ?></p>

<section class="panel" aria-labelledby="stranger">
    <h2 id="stranger">A stranger at the socket</h2>
    <p class="state" data-tone="waiting"><span class="dot"></span><strong data-testid="stranger" aria-live="polite">trying…</strong></p>
    <dl class="facts">
        <div><dt>Address</dt><dd><?= e($socketUrl) ?></dd></div>
<?php if ($way === 'token'): ?>
        <div><dt>Token</dt><dd data-field="token">–</dd></div>
<?php endif ?>
    </dl>
    <p class="note">Refused is right: <?= $way === 'cookie' ? 'there is no cookie' : 'PHP does not know this token' ?>. A browser is not told why a handshake failed, so a
        gateway that is switched off looks the same from here.</p>
</section>
<script type="module" src="/assets/home.js" data-socket-url="<?= e($socketUrl) ?>" data-way="<?= e($way) ?>"></script>
<?php endif ?>

<?php if ($user === null): ?>
<p class="actions"><a class="button" href="/login">Log in</a> <span>as <code>gonzalo</code> or <code>maria</code>, password <code>password</code></span></p>
<?php else: ?>
<p class="actions"><a class="button" href="/private">Open the private page</a> <span>you are logged in as <?= e($user) ?></span></p>
<?php endif ?>
