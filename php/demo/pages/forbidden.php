<h1>This page is private.</h1>
<p class="lead">It is for people with a session, and you have none. The socket would not open for you either.</p>
<p class="actions"><a class="button" href="/login">Log in</a> <span>as <code>gonzalo</code> or <code>maria</code>, password <code>password</code></span></p>
