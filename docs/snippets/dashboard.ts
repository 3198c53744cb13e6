import { App, Stack } from 'aws-cdk-lib';
import { Dashboard, GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { SessionSocket } from 'session-socket';

const stack = new Stack(new App(), 'Realtime');
const socket = new SessionSocket(stack, 'Sockets', {
  sessionEndpoint: 'https://app.example.com/getSessionID',
  allowedOrigins: ['https://app.example.com'],
});

new Dashboard(stack, 'Dashboard').addWidgets(
  new GraphWidget({ title: 'Sockets', left: [socket.metricConnected(), socket.metricDisconnected()] }),
  new GraphWidget({ title: 'Answers to PHP', left: [socket.httpStage.metricLatency({ statistic: 'p95' })] }),
  new GraphWidget({ title: 'Session checks', left: [socket.functions.authorizer.metricDuration()] }),
);
socket.metricFramesFailed().createAlarm(stack, 'FramesFailed', { threshold: 1, evaluationPeriods: 1 });
