/**
 * How API Gateway's WebSocket APIs behave, line by line. Every test here begins with the numbers of its lines (`#15
 * …`), and `npm run conformance` prints them with their results.
 */
export interface Line {
  readonly number: string;
  readonly behaviour: string;
  readonly mark: Mark;
  /** A URL, `owner/repository#issue`, or in words where it came from. */
  readonly source: string;
  /** What the local cloud chose, where AWS's way is not known, or where it does less. */
  readonly here?: string;
}

/**
 * `documented` by AWS; `seen` on AWS by somebody who told of it; `inferred` from one of these; `unknown`: then the
 * local cloud chose, and the test holds it to its choice.
 */
export type Mark = 'documented' | 'seen' | 'inferred' | 'unknown';

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** Behaviour of other emulators that AWS does not have. The test of the contradicted line shows it as well. */
export interface NotDone {
  readonly number: string;
  readonly what: string;
  readonly contradicts: string;
}

const guide = 'https://docs.aws.amazon.com/apigateway/latest/developerguide/';
const quotas = `${guide}apigateway-execution-service-websocket-limits-table.html`;
const lambdaAuthorizers = `${guide}apigateway-websocket-api-lambda-auth.html`;
const authorizerOutput = `${guide}api-gateway-lambda-authorizer-output.html`;
const connectAndDisconnect = `${guide}apigateway-websocket-api-route-keys-connect-disconnect.html`;
const subprotocols = `${guide}websocket-connect-route-subprotocol.html`;
const selection = `${guide}websocket-api-develop-routes.html`;
const routesAndIntegrations = `${guide}apigateway-websocket-api-routes-integrations.html`;
const routeResponses = `${guide}apigateway-websocket-api-route-response.html`;
const integrationResponses = `${guide}apigateway-websocket-api-integration-responses.html`;
const mappingTemplates = `${guide}apigateway-websocket-api-mapping-template-reference.html`;
const binaryTypes = `${guide}websocket-api-develop-binary-media-types.html`;
const managementApi = `${guide}apigateway-how-to-call-websocket-api-connections.html`;
const permissions = `${guide}apigateway-websocket-control-access-iam.html`;
const deployments = `${guide}apigateway-set-up-websocket-deployment.html`;
const authorizerResource =
  'https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-authorizer.html';
const lambdaEnvironment = 'https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html';
const gone = 'https://repost.aws/knowledge-center/410-gone-api-gateway';
const captures = 'https://github.com/aws-powertools/powertools-lambda-python/blob/51db5d53/tests/events/';

export const sections: readonly Section[] = [
  {
    title: 'Handshake and $connect',
    lines: [
      {
        number: '1',
        behaviour: 'Without an integration for `$connect` the upgrade succeeds',
        mark: 'documented',
        source: connectAndDisconnect,
      },
      {
        number: '2',
        behaviour: '`$connect` runs once, and the socket opens only after it returned a 2xx',
        mark: 'documented',
        source: connectAndDisconnect,
      },
      {
        number: '3',
        behaviour: 'Another status of `$connect` is the status of the handshake',
        mark: 'documented',
        source: subprotocols,
      },
      {
        number: '4',
        behaviour: 'When `$connect` throws, exits or cannot be loaded, the handshake gets a 502',
        mark: 'seen',
        source: 'serverless/serverless-websockets-plugin#13',
      },
      {
        number: '5',
        behaviour: 'A client that leaves while `$connect` runs is not registered',
        mark: 'unknown',
        source: connectAndDisconnect,
        here: '`$disconnect` runs for it, with code 1006',
      },
      {
        number: '6',
        behaviour: 'The sub-protocol that `$connect` returns is chosen; without one, none',
        mark: 'documented',
        source: subprotocols,
      },
      {
        number: '7',
        behaviour: 'No other header of `$connect` reaches the 101, `Set-Cookie` included',
        mark: 'seen',
        source: 'https://repost.aws/questions/QUbewEWvRiSr62tfjwg0ENGQ',
      },
      {
        number: '8',
        behaviour: 'An offer of permessage-deflate is accepted',
        mark: 'seen',
        source: 'python-websockets/websockets#1065',
      },
      {
        number: '9',
        behaviour: 'A plain GET gets a 426',
        mark: 'seen',
        source: 'https://github.com/dherault/serverless-offline (its suite, run against AWS in 2019)',
      },
      {
        number: '10',
        behaviour: 'An unknown stage or path is rejected',
        mark: 'inferred',
        source: 'aws/aws-sdk-php#1955',
        here: '403, as for a POST there',
      },
      {
        number: '11',
        behaviour: 'The query string is parsed, repeated keys included; without one both of its keys are absent',
        mark: 'documented',
        source: lambdaAuthorizers,
      },
      {
        number: '12',
        behaviour: 'A connection id is new each time, 16 characters with a pad; authorizer and `$connect` see the same',
        mark: 'seen',
        source: `${captures}apiGatewayWebSocketApiMessage.json`,
      },
      {
        number: '13',
        behaviour: 'A client gets the replies to its own messages and to no others',
        mark: 'documented',
        source: routeResponses,
      },
    ],
  },
  {
    title: 'Authorizer',
    lines: [
      {
        number: '14',
        behaviour: 'A client that the authorizer allows connects, and the context reaches `$connect`',
        mark: 'documented',
        source: lambdaAuthorizers,
      },
      {
        number: '15',
        behaviour: 'A missing or empty identity source: 401, and the authorizer is not invoked',
        mark: 'documented',
        source: lambdaAuthorizers,
      },
      {
        number: '16',
        behaviour: 'The error `Unauthorized`, thrown or given to the callback: 401',
        mark: 'documented',
        source: lambdaAuthorizers,
      },
      { number: '17', behaviour: 'An explicit deny: 403', mark: 'documented', source: lambdaAuthorizers },
      {
        number: '18',
        behaviour:
          'No allow that covers the method ARN: 403; `…/prod/*/*` does not cover `…/prod/$connect`, `…/prod/*` does',
        mark: 'seen',
        source: 'aws-powertools/powertools-lambda-python#5800',
      },
      {
        number: '19',
        behaviour: 'No policy, a malformed one, any other error, a timeout: 500',
        mark: 'seen',
        source: 'serverless/examples#557',
      },
      {
        number: '20',
        behaviour: 'Context and principalId are in the events of `$connect`, messages and `$disconnect`',
        mark: 'seen',
        source: 'boto/boto3#3789',
      },
      {
        number: '21',
        behaviour: 'Numbers and booleans of the context reach the events; objects and lists are rejected',
        mark: 'unknown',
        source: authorizerOutput,
        here: 'as strings; rejected with a 500',
      },
      {
        number: '22',
        behaviour: 'Without a context the event has the principalId alone',
        mark: 'documented',
        source: authorizerOutput,
      },
      {
        number: '23',
        behaviour: 'The authorizer’s event matches the documentation, key for key',
        mark: 'documented',
        source: lambdaAuthorizers,
      },
      {
        number: '24',
        behaviour: 'Nothing is cached: two handshakes are two invocations',
        mark: 'documented',
        source: authorizerResource,
      },
      {
        number: '25',
        behaviour: 'A result above 8 KB is rejected',
        mark: 'documented',
        source: quotas,
        here: '500, which is not documented',
      },
      {
        number: '26',
        behaviour: 'An identity source in the form of HTTP APIs (`$request.…`) cannot be deployed',
        mark: 'seen',
        source: 'aws/aws-cdk#18307',
        here: 'rejected at start, with the logical id',
      },
    ],
  },
  {
    title: 'Events',
    lines: [
      {
        number: '27',
        behaviour: 'The events of `$connect`, messages and `$disconnect` have the keys of the captures, in their order',
        mark: 'seen',
        source: captures,
      },
      {
        number: '28',
        behaviour: 'requestId equals extendedRequestId and is new in each event; messageId is in messages alone',
        mark: 'documented',
        source: mappingTemplates,
      },
      {
        number: '29',
        behaviour: 'connectedAt is the same in all events of a connection, and not after the time of `$connect`',
        mark: 'seen',
        source: captures,
      },
      {
        number: '30',
        behaviour: 'userAgent is there only when the client sent one; nothing is null',
        mark: 'seen',
        source:
          'https://github.com/aws/aws-lambda-go/blob/main/events/testdata/apigw-websocket-request-disconnect.json',
      },
      {
        number: '31',
        behaviour: 'Header names keep the client’s case; `Cookie` arrives as `Cookie`',
        mark: 'seen',
        source: 'https://github.com/aws-samples/websocket-chat-application',
      },
      {
        number: '32',
        behaviour: 'With a custom domain, Host and domainName are that domain and stage is the real stage',
        mark: 'seen',
        source: 'a captured event in public code',
        here: 'custom domains are rejected at start; the default host is both',
      },
      {
        number: '33',
        behaviour: '`$disconnect` gets code and reason, in AWS’s words where they are known',
        mark: 'seen',
        source: `${captures}apiGatewayWebSocketApiDisconnect.json`,
        here: 'the reason is empty where it is not known',
      },
    ],
  },
  {
    title: 'Routes and replies',
    lines: [
      {
        number: '34',
        behaviour: '`$request.body.action` picks the route, and so do nested paths',
        mark: 'documented',
        source: selection,
      },
      {
        number: '35',
        behaviour:
          'An unknown or missing action, no JSON and an empty message go to `$default`, which is their routeKey',
        mark: 'documented',
        source: routesAndIntegrations,
      },
      {
        number: '36',
        behaviour: 'A selected value that is not a string is converted to one',
        mark: 'documented',
        source: selection,
      },
      {
        number: '37',
        behaviour: 'Paths joined in one expression, static text and `\\$default` work; a missing path is empty',
        mark: 'documented',
        source: selection,
      },
      {
        number: '38',
        behaviour: 'No match and no `$default`: the Forbidden frame, byte for byte, and the socket stays open',
        mark: 'seen',
        source: 'aws-samples/simple-websockets-chat-app#24',
      },
      {
        number: '39',
        behaviour: 'A one-way route sends nothing, whatever its function returns',
        mark: 'documented',
        source: routeResponses,
      },
      {
        number: '40',
        behaviour: 'A two-way route sends the body that its function returns, once',
        mark: 'documented',
        source: routeResponses,
      },
      {
        number: '41',
        behaviour:
          'A throw, an exit, a timeout, a missing permission: the Internal-server-error frame, on one-way routes too',
        mark: 'seen',
        source: 'aws-samples/simple-websockets-chat-app#42',
      },
      {
        number: '42',
        behaviour: 'A status of 400 or more on a one-way route',
        mark: 'unknown',
        source: 'https://github.com/architect/sandbox (its changelog of 2021)',
        here: 'nothing is sent; a two-way route sends the body',
      },
      {
        number: '43',
        behaviour: 'Handlers with a callback work on runtimes before Node.js 24',
        mark: 'documented',
        source: 'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html',
      },
      {
        number: '44',
        behaviour: 'The same route key twice in a template',
        mark: 'unknown',
        source: 'https://github.com/dherault/serverless-offline (its suite: the last one answers)',
        here: 'rejected at start, with the logical id',
      },
      {
        number: '45',
        behaviour: 'Characters beyond ASCII and fragmented messages arrive as one correct text',
        mark: 'documented',
        source: quotas,
      },
      {
        number: '46',
        behaviour: 'A MOCK integration answers with its response template, stage variables resolved',
        mark: 'documented',
        source: integrationResponses,
      },
    ],
  },
  {
    title: 'Limits and close codes',
    lines: [
      { number: '47', behaviour: 'A frame of 33 KB closes with 1009', mark: 'documented', source: quotas },
      {
        number: '48',
        behaviour: 'A message of 128 KB in frames of 32 KB is accepted',
        mark: 'documented',
        source: quotas,
      },
      { number: '49', behaviour: 'A message of 129 KB closes with 1009', mark: 'documented', source: quotas },
      {
        number: '50',
        behaviour: 'A binary frame closes with 1003, and no function is invoked',
        mark: 'documented',
        source: binaryTypes,
      },
      {
        number: '51',
        behaviour: 'After ten idle minutes: 1001, and `$disconnect` gets `Going away`',
        mark: 'seen',
        source: `${quotas} (the time; the code and the text from a captured event in public code)`,
      },
      {
        number: '52',
        behaviour: 'After two hours: 1001, and `$disconnect` runs',
        mark: 'inferred',
        source: `${quotas} (the time)`,
        here: 'the reason is `Going away` as well',
      },
      {
        number: '53',
        behaviour: 'A message in either direction restarts the idle time; a client’s ping is answered',
        mark: 'unknown',
        source: 'compiler-explorer/infra#2229',
        here: 'a ping does not restart it',
      },
      {
        number: '54',
        behaviour: 'A close without a status is a 1005 with its text; that of a browser’s navigation a 1001 without',
        mark: 'seen',
        source: `${captures}apiGatewayWebSocketApiDisconnect.json`,
      },
    ],
  },
  {
    title: '@connections',
    lines: [
      {
        number: '55',
        behaviour: 'POST is a 200 without a body, GET a 200 in camelCase, DELETE a 204',
        mark: 'documented',
        source: managementApi,
      },
      { number: '56', behaviour: 'A message moves lastActiveAt', mark: 'documented', source: managementApi },
      {
        number: '57',
        behaviour: '`@` and `%40`, escapes, a doubled and a trailing slash all lead to the connection',
        mark: 'documented',
        source: managementApi,
      },
      {
        number: '58',
        behaviour: 'An id that ended or never existed: 410 with an empty body, and GoneException of the SDK',
        mark: 'seen',
        source: 'georgeboot/laravel-echo-api-gateway#9',
      },
      {
        number: '59',
        behaviour: 'A malformed id: 400, BadRequestException, `Invalid connectionId: …`',
        mark: 'seen',
        source: 'localstack/localstack#4694',
      },
      {
        number: '60',
        behaviour: 'While `$connect` runs its connection is gone (410); afterwards it is there',
        mark: 'documented',
        source: gone,
      },
      {
        number: '61',
        behaviour: 'A POST above 128 KB: 413, PayloadTooLargeException',
        mark: 'documented',
        source: quotas,
      },
      {
        number: '62',
        behaviour: 'DELETE closes with 1000, `$disconnect` gets `Connection Closed Normally`; a second one gets a 410',
        mark: 'seen',
        source: 'boto/boto3#3789',
      },
      {
        number: '63',
        behaviour: 'A caller without a signature, or without permission for that stage, method and id: 403',
        mark: 'documented',
        source: permissions,
      },
      {
        number: '64',
        behaviour: '`https://{domainName}/{stage}` and the address of the API’s id work as they are in a handler',
        mark: 'documented',
        source: managementApi,
      },
      {
        number: '65',
        behaviour: 'The handler of one connection posts to another; to one that closed a moment ago: 410',
        mark: 'documented',
        source: gone,
      },
    ],
  },
  {
    title: '$disconnect, concurrency and the end',
    lines: [
      {
        number: '66',
        behaviour: '`$disconnect` runs once, after the close; no client sees its failure',
        mark: 'documented',
        source: connectAndDisconnect,
      },
      {
        number: '67',
        behaviour: 'Two messages of one client are in flight at the same time',
        mark: 'inferred',
        source: routesAndIntegrations,
      },
      {
        number: '68',
        behaviour: '`$disconnect` may start while a message’s function still runs',
        mark: 'inferred',
        source: routesAndIntegrations,
      },
      {
        number: '69',
        behaviour: 'Un-awaited work of a function does not continue after its answer',
        mark: 'documented',
        source: lambdaEnvironment,
      },
      {
        number: '70',
        behaviour: 'The shutdown is quick: clients are closed with 1001, and nothing waits for running functions',
        mark: 'inferred',
        source: 'a need of local runners; AWS has no such moment',
      },
    ],
  },
  {
    title: 'Assembly',
    lines: [
      {
        number: '71',
        behaviour: 'A route’s target may have every form that CDK writes; a route that was not deployed does not match',
        mark: 'documented',
        source: deployments,
      },
      {
        number: '72',
        behaviour: 'A function’s code is found through the asset manifest alone',
        mark: 'documented',
        source: 'https://docs.aws.amazon.com/cdk/v2/guide/assets.html',
      },
    ],
  },
];

export const notDone: readonly NotDone[] = [
  { number: 'N1', what: 'a DELETE that does not run `$disconnect`', contradicts: '62' },
  { number: 'N2', what: 'an extendedRequestId other than the requestId', contradicts: '28' },
  { number: 'N3', what: 'a binary frame given to the function', contradicts: '50' },
  { number: 'N4', what: '`body: null` in the event of `$disconnect`', contradicts: '27' },
  { number: 'N5', what: 'all headers of `$connect` in the 101', contradicts: '7' },
  { number: 'N6', what: 'a deny as a close after the socket opened', contradicts: '17' },
  { number: 'N7', what: 'the authorizer’s context in `$connect` alone', contradicts: '20' },
  { number: 'N8', what: 'a policy read by its first effect, its resources ignored', contradicts: '18' },
  { number: 'N9', what: 'identity sources in the form of HTTP APIs', contradicts: '26' },
  { number: 'N10', what: 'a text frame for a frame that is too long, and the socket left open', contradicts: '47' },
  { number: 'N11', what: 'PascalCase in GET, a 410 without the name of its error', contradicts: '58' },
  { number: 'N12', what: 'silence or another text instead of Forbidden', contradicts: '38' },
  { number: 'N13', what: 'a reply on a one-way route, or none on a two-way one', contradicts: '39' },
  { number: 'N14', what: 'one message after the other', contradicts: '67' },
  { number: 'N15', what: 'a POST that reaches a connection whose `$connect` still runs', contradicts: '60' },
  { number: 'N16', what: 'the end of an idle connection without `$disconnect`', contradicts: '51' },
  { number: 'N17', what: 'rejecting a doubled slash before @connections', contradicts: '57' },
];

/** The numbers at the beginning of a test's name. */
export function numbersIn(testName: string): readonly string[] {
  const [prefix = ''] = /^(?:#N?\d+ )*/.exec(testName) ?? [];
  return [...prefix.matchAll(/#(N?\d+)/g)].map(([, number = '']) => number);
}
