<h1>You are not logged in.</h1>
<p class="lead">The name or the password was not right. This demo knows <code>gonzalo</code> and <code>maria</code>,
    whose password is <code>password</code>.</p>
<p class="actions"><a class="button" href="/login">Try again</a> <a href="/">Back to the public page</a></p>
