const socket = new WebSocket(webSocketUrl);
socket.onmessage = ({ data }) => console.log(JSON.parse(data));
