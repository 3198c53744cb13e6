const ticket = await (await fetch('/getSessionID')).json();
const socket = new WebSocket(webSocketUrl, ['session-socket', ticket]);
socket.onmessage = ({ data }) => console.log(JSON.parse(data));
