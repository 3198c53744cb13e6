<?php /** @var string $title @var string $template @var ?string $user */ ?>
<!doctype html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title><?= e($title) ?> · session-socket</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/assets/demo.css">
</head>
<body>
<header class="bar">
    <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="24" height="24">session-socket</a>
<?php if ($user !== null): ?>
    <form class="who" method="post" action="/logout">
        <span><?= e($user) ?></span>
        <button data-testid="logout">Log out</button>
    </form>
<?php endif ?>
</header>
<main>
<?php require __DIR__ . "/$template.php" ?>
</main>
</body>
</html>
