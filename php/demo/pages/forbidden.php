<h1>This page is private.</h1>
<p class="lead">It is for people with a session, and you have none. Neither would the socket open for you.</p>
<p class="actions"><a class="button" href="/login">Log in</a> <span>as <code>gonzalo</code>, password <code>password</code></span></p>
