import { App, Stack } from 'aws-cdk-lib';
import { SessionSocket } from 'session-socket';

const stack = new Stack(new App(), 'Realtime');
new SessionSocket(stack, 'Sockets', {
  sessionEndpoint: 'https://app.example.com/getSessionID.php',
  allowedOrigins: ['https://app.example.com'],
});
