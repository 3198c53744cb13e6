<h1>One setting is missing.</h1>
<p class="lead">The demo does not know where the socket is. Set <code>SESSION_SOCKET_URL</code> to a <code>ws://</code> or
    <code>wss://</code> address and start PHP again:</p>
<pre>SESSION_SOCKET_URL=ws://127.0.0.1:4000/live \
  php -S 127.0.0.1:8080 php/demo/index.php</pre>
<p class="note">After a deployment, it is the output <code>WebSocketUrl</code> of the stack. <code>npm start</code> sets it for you.</p>
