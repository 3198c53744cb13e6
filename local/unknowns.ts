/** An AWS behaviour without documentation or reports, for which the local cloud had to choose. */
export interface Unknown {
  readonly question: string;
  /** The local cloud's behaviour. */
  readonly choice: string;
  /** The closest documentation or report. */
  readonly source: string;
}

const guide = 'https://docs.aws.amazon.com/apigateway/latest/developerguide';
const quotas = `${guide}/apigateway-execution-service-websocket-limits-table.html`;
const authorizers = `${guide}/apigateway-websocket-api-lambda-auth.html`;
const connectRoutes = `${guide}/apigateway-websocket-api-route-keys-connect-disconnect.html`;
const responses = `${guide}/apigateway-websocket-api-route-response.html`;
const managementApi = `${guide}/apigateway-how-to-call-websocket-api-connections.html`;
const captures = 'https://github.com/aws-powertools/powertools-lambda-python/tree/develop/tests/events';

/** The table in docs/local-cloud.md and the output of `--unknowns`. */
export const unknowns: readonly Unknown[] = [
  {
    question: 'bodies of refused handshakes',
    choice: '`{"message": …}` with the words of the status',
    source: authorizers,
  },
  { question: 'a URL above 4,096 characters (the quota)', choice: '414', source: quotas },
  { question: 'an unknown stage', choice: '403', source: 'https://github.com/aws/aws-sdk-php/issues/1955' },
  {
    question: '`$disconnect` for a client that left while `$connect` was running',
    choice: 'it runs, with code 1006',
    source: connectRoutes,
  },
  {
    question: 'how late a schedule is (AWS says several seconds)',
    choice: 'not at all',
    source: 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html',
  },
  {
    question: 'the reason in `$disconnect` for codes other than 1001, 1005 and the 1000 of a DELETE',
    choice: 'empty',
    source: captures,
  },
  {
    question: 'a two-way route whose Lambda returns no body',
    choice: 'an empty text frame (one report says so)',
    source: 'https://github.com/serverless/serverless/issues/6816',
  },
  {
    question: 'a one-way route whose Lambda returns a status of 400 or more',
    choice: 'nothing is sent',
    source: responses,
  },
  {
    question: 'a malformed upgrade: another protocol, a bad key or version, unreadable extensions',
    choice: '400',
    source: 'https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1',
  },
  { question: '`$connect` returning 3xx', choice: 'the handshake fails with that status', source: connectRoutes },
  { question: '`$connect` returning 1xx, 101 included', choice: '502', source: connectRoutes },
  {
    question: 'an authorizer result above 8 KB, or one without `principalId`',
    choice: '500',
    source: `${guide}/api-gateway-lambda-authorizer-output.html`,
  },
  { question: "a client's own close with 1000", choice: 'code 1000, the reason empty', source: captures },
  {
    question: '`@connections` with a method other than POST, GET and DELETE',
    choice: '403',
    source: managementApi,
  },
  { question: 'a client that reads slowly', choice: 'its frames are buffered without a limit', source: quotas },
  {
    question: 'the frame when a Lambda takes longer than 29 s',
    choice: 'the one for an internal server error',
    source: quotas,
  },
  {
    question: 'whether 32 KB is counted before or after compression',
    choice: 'as it travels',
    source: quotas,
  },
  {
    question: "whether a client's ping restarts the ten idle minutes",
    choice: 'it does not; it is answered',
    source: 'https://github.com/compiler-explorer/infra/issues/2229',
  },
  {
    question: 'the reason in `$disconnect` after two hours',
    choice: '`Going away`, as after ten idle minutes',
    source: quotas,
  },
  {
    question: 'numbers and booleans of an authorizer context in later events',
    choice: 'strings, and a warning in the log',
    source: `${guide}/api-gateway-lambda-authorizer-output.html`,
  },
  {
    question: 'a `$connect` function or an authorizer that API Gateway may not invoke',
    choice: '500, as on a REST API',
    source: 'https://github.com/serverless/serverless/issues/1784',
  },
  {
    question: 'an authorizer that Lambda throttles, because its reserved concurrency is in use',
    choice: '500, as for an integration of a REST API',
    source:
      'https://repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ/api-gateway-proxy-integration-does-not-forward-lambda-throttling-http-429-to-client-needs-product-support',
  },
  {
    question: 'the frame for a message above the rate of a stage (only with `--throttles`)',
    choice: '`Too Many Requests`, in the form of the other error frames',
    source: `${guide}/websocket-api-protect.html`,
  },
  {
    question:
      'whether the routes of a stage share the throttle of its default settings, or have one each (only with `--throttles`)',
    choice: 'they share it; a route with its own settings has its own',
    source: `${guide}/http-api-throttling.html`,
  },
  {
    question: 'stage variables in the events of a WebSocket API',
    choice: '`stageVariables` in the event, if the stage has any',
    source: `${guide}/aws-api-gateway-stage-variables-reference.html`,
  },
  {
    question: 'routes that a deployment does not wait for (`DependsOn`), when it waits for others',
    choice: 'they are not deployed: no match, and the log says so',
    source: `${guide}/apigateway-set-up-websocket-deployment.html`,
  },
  {
    question: 'whether Lambda’s report on a handler that threw has the level WARN or INFO',
    choice: 'INFO; that of a timeout or a crash is WARN',
    source:
      'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html#monitoring-cloudwatchlogs-log-level-mapping',
  },
  { question: 'the frame type of posts to @connections', choice: 'text', source: managementApi },
  {
    question: 'when DynamoDB removes an expired item (AWS says within days)',
    choice: 'one to two minutes later, by the clock of the local cloud',
    source: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html',
  },
  {
    question: 'how Secrets Manager reports a missing signature, and how far a clock may be off',
    choice: 'as Lambda does; five minutes',
    source: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html',
  },
  {
    question: 'a status or header of an HTTP API’s function that HTTP cannot carry, 1xx included',
    choice: '500',
    source: `${guide}/http-api-develop-integrations-lambda.html`,
  },
  {
    question: 'whether `ANY /{proxy+}` of an HTTP API covers `/`',
    choice: 'it does',
    source: `${guide}/http-api-develop-routes.html`,
  },
  {
    question:
      'whether an HTTP API looks for the route of `/a%2Fb` before or after it has decoded the path (`rawPath` was seen decoded)',
    choice: 'after, so it has two segments',
    source: 'https://github.com/fastify/aws-lambda-fastify/issues/169',
  },
];
