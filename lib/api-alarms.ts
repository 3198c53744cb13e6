import { Duration } from 'aws-cdk-lib';
import type { HttpStage, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { fromOneOn, lasting, perMinute, within } from './alarms.ts';

/**
 * In alarm when the HTTP API answers PHP with 5xx for minutes
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html). Not at the first: a 503 for a request that is
 * under way already is an answer, and PHP asks again.
 */
export function alarmOnServerErrors(stage: HttpStage): Alarm {
  return new Alarm(stage, 'ServerErrorAlarm', {
    ...fromOneOn,
    ...within(lasting),
    alarmDescription:
      'The HTTP API answers PHP with 5xx, so events are not published and logouts close nothing. The access log of Http says which routes. docs/operations.md: ServerErrorAlarm.',
    metric: stage.metricServerError(perMinute),
  });
}

/**
 * In alarm when API Gateway cannot call a function for minutes. Strangers are not counted, whose handshakes end before any integration
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html).
 */
export function alarmOnExecutionErrors(stage: WebSocketStage): Alarm {
  return new Alarm(stage, 'ExecutionErrorAlarm', {
    ...fromOneOn,
    ...within(lasting),
    alarmDescription:
      'API Gateway cannot call the functions of the sockets, so handshakes fail or frames are not answered. The access log of Sockets says which. docs/operations.md: ExecutionErrorAlarm.',
    metric: stage.metric('ExecutionError', perMinute),
  });
}

/** Fewer in a minute are what single users cause, whose handshake Connect refuses with 403: that counts as an error too. */
const fewErrors = 5;

/** In alarm when functions fail for a twentieth of all handshakes and messages, for minutes. */
export function alarmOnIntegrationErrors(stage: WebSocketStage): Alarm {
  const metric = (name: string) => stage.metric(name, perMinute);
  return new Alarm(stage, 'IntegrationErrorAlarm', {
    ...fromOneOn,
    ...within(lasting),
    threshold: 5,
    alarmDescription:
      'More than 5% of handshakes and messages fail in the functions, or Connect refuses many handshakes. The logs of Connect and Message say why. docs/operations.md: IntegrationErrorAlarm.',
    metric: new MathExpression({
      expression: `IF(FILL(errors, 0) >= ${fewErrors}, 100 * errors / (FILL(handshakes, 0) + FILL(messages, 0)), 0)`,
      usingMetrics: {
        errors: metric('IntegrationError'),
        handshakes: metric('ConnectCount'),
        messages: metric('MessageCount'),
      },
      label: 'percent of handshakes and messages that failed',
      period: Duration.minutes(1),
    }),
  });
}
