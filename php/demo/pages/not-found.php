<h1>There is nothing here.</h1>
<p class="lead">The demo has a public page, a private page, and a login between them.</p>
<p class="actions"><a class="button" href="/">To the public page</a></p>
