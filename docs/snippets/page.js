const token = await (await fetch('/getSessionID')).json();
const socket = new WebSocket(`${webSocketUrl}?token=${encodeURIComponent(token)}`);
socket.onmessage = ({ data }) => console.log(JSON.parse(data));
