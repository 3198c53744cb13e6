<?php /** @var ?string $user @var string $socketUrl */ ?>
<h1>Who is logged in over PHP is logged in over WebSocket.</h1>
<p class="lead">This page is public. To show what a stranger gets, it has just knocked at the socket with a token that no
    session stands behind.</p>

<section class="panel" aria-labelledby="stranger">
    <h2 id="stranger">A stranger at the socket</h2>
    <p class="state" data-tone="waiting"><span class="dot"></span><strong data-testid="stranger" aria-live="polite">trying…</strong></p>
    <dl class="facts">
        <div><dt>Address</dt><dd><?= e($socketUrl) ?></dd></div>
        <div><dt>Token</dt><dd data-field="token">–</dd></div>
    </dl>
    <p class="note">Refused is right: PHP does not know this token. A browser is not told why a handshake failed, so a
        gateway that is switched off looks the same from here.</p>
</section>

<?php if ($user === null): ?>
<p class="actions"><a class="button" href="/login">Log in</a> <span>as <code>gonzalo</code>, password <code>password</code></span></p>
<?php else: ?>
<p class="actions"><a class="button" href="/private">Open the private page</a> <span>you are logged in as <?= e($user) ?></span></p>
<?php endif ?>
<script type="module" src="/assets/home.js" data-socket-url="<?= e($socketUrl) ?>"></script>
