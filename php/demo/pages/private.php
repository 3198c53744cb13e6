<?php /** @var string $user @var string $socketUrl @var string $way token or cookie @var bool $hasRoom */ ?>
<h1>Hello, <?= e($user) ?>.</h1>
<p class="lead">PHP knows who you are, so the socket does too. Nothing but your PHP session was needed to open it.</p>

<?php if ($hasRoom): ?>
<section class="panel room" aria-labelledby="room" data-testid="room" data-user="<?= e($user) ?>">
    <div class="room-head">
        <h2 id="room">The room</h2>
        <ul class="people" data-testid="people" aria-label="Who is here"></ul>
    </div>
    <ol class="messages" data-testid="messages" role="log" aria-label="Messages" tabindex="0"></ol>
    <p class="note">Nobody has said anything. Log in as <?= $user === 'maria' ? 'gonzalo' : 'maria' ?> in a private window, and talk.</p>
    <p class="typing" data-testid="typing" aria-live="polite"></p>
    <form class="say" data-testid="say">
        <input name="text" maxlength="500" autocomplete="off" placeholder="Say something" aria-label="Say something" required>
        <button>Send</button>
    </form>
    <p class="trouble" data-testid="trouble" role="alert"></p>
</section>
<?php endif ?>

<section class="panel" aria-labelledby="socket">
    <h2 id="socket">Your socket</h2>
    <p class="state" data-tone="waiting"><span class="dot"></span><strong data-testid="state" aria-live="polite">connecting</strong>
        <span class="hint" data-field="hint"></span></p>
    <dl class="facts">
        <div><dt>Address</dt><dd><?= e($socketUrl) ?></dd></div>
<?php if ($way === 'cookie'): ?>
        <div><dt>Token</dt><dd>none: the browser sends the session’s cookie by itself</dd></div>
<?php endif ?>
        <div><dt>Socket id</dt><dd data-field="socket-id">–</dd></div>
        <div><dt>Events</dt><dd data-field="count">0</dd></div>
    </dl>
    <p class="actions" data-field="login" hidden><a class="button" href="/login">Log in again</a></p>
</section>

<section class="panel" aria-labelledby="events">
    <h2 id="events">Last events</h2>
    <ol class="events" data-testid="events"></ol>
    <p class="note">None yet. What the gateway says to you appears here.</p>
</section>

<p class="note">The page speaks to the socket with <a href="/assets/socket.js">one short script</a> and no library<?php
    if ($hasRoom) { ?>, and <a href="/assets/room.js">another one</a> is the room<?php } ?>.</p>
<script type="module" src="/assets/private.js" data-socket-url="<?= e($socketUrl) ?>" data-way="<?= e($way) ?>"></script>
