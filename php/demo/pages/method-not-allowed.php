<?php /** @var string $path @var string $method */ ?>
<h1>Not like this.</h1>
<p class="lead"><code><?= e($path) ?></code> answers <?= e($method) ?> only.</p>
<p class="actions"><a class="button" href="/">To the public page</a></p>
