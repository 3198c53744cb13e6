<?php // index.php: a page of your app
session_start();
$_SESSION['user'] = $_SESSION['user'] ?? 'ada'; // your login does this
?>
<pre></pre>
<script type="module">
  const webSocketUrl = <?= json_encode(getenv('SESSION_SOCKET_URL')) ?>;
  const token = await (await fetch('/getSessionID.php')).json();
  const socket = new WebSocket(`${webSocketUrl}?token=${encodeURIComponent(token)}`);
  socket.onmessage = ({ data }) => {
    document.querySelector('pre').append(`${data}\n`);
    if (JSON.parse(data).event !== 'pusher:connection_established') return;
    socket.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'news' } }));
  };
</script>
