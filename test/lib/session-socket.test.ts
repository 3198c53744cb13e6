import { Duration, Stack, Stage } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, it } from 'vitest';
import { endsSoonMs } from '../../functions/core/sessions/live-sessions.ts';
import { SessionSocket, SessionSocketStack } from '../../lib/index.ts';
import { createApp, type Deployment, deploy, least, readDeployment } from './deployment.ts';

const quiet = deploy();
const withHello = deploy({ hello: true });
const both = [
  ['without hello', quiet],
  ['with hello', withHello],
] as const;

const lambdas = (deployment: Deployment) => deployment.of('AWS::Lambda::Function');
const ofSockets = (type: string) => quiet.of(type).filter(({ path }) => path.startsWith('Sockets/'));
const ofHttp = (type: string) => quiet.of(type).filter(({ path }) => path.startsWith('Http/'));
const route = (key: string) =>
  quiet.of('AWS::ApiGatewayV2::Route').find(({ Properties }) => Properties['RouteKey'] === key)?.Properties;

describe('the routes of the WebSocket API', () => {
  it('are $connect, $default and $disconnect', () => {
    const keys = ofSockets('AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties['RouteKey']);
    expect(keys.sort()).toEqual(['$connect', '$default', '$disconnect']);
  });

  it('use the authorizer at $connect', () => {
    const authorizer = quiet.the('AWS::ApiGatewayV2::Authorizer');
    expect(route('$connect')).toMatchObject({
      AuthorizationType: 'CUSTOM',
      AuthorizerId: { Ref: authorizer.logicalId },
    });
  });

  it('use it nowhere else, because API Gateway rejects an authorizer on another route', () => {
    for (const key of ['$default', '$disconnect']) {
      expect(route(key)).toMatchObject({ AuthorizationType: 'NONE' });
      expect(route(key)).not.toHaveProperty('AuthorizerId');
    }
  });

  it('have an authorizer of type REQUEST, the only one that a WebSocket API supports', () => {
    const { AuthorizerType, AuthorizerUri } = quiet.the('AWS::ApiGatewayV2::Authorizer').Properties;
    expect(AuthorizerType).toBe('REQUEST');
    expect(quiet.read(AuthorizerUri)).toContain('/functions/{Authorizer/Function}/invocations');
  });

  it('answer a client without a token with 401, without a Lambda', () => {
    const { IdentitySource } = quiet.the('AWS::ApiGatewayV2::Authorizer').Properties;
    expect(IdentitySource).toEqual(['route.request.querystring.token']);
  });

  it.each([
    [{ mode: 'ticket' }, 'route.request.querystring.token'],
    [{ mode: 'ticket', tokenFrom: 'subprotocol' }, 'route.request.header.Sec-WebSocket-Protocol'],
    [{ mode: 'cookie' }, 'route.request.header.Cookie'],
  ] as const)('with %j, answer a client without anything in %s with 401', (props, source) => {
    expect(deploy(props).the('AWS::ApiGatewayV2::Authorizer').Properties['IdentitySource']).toEqual([source]);
  });

  // `$request.querystring.token`, which HTTP APIs take, is refused by CloudFormation for a WebSocket API, and only when
  // it is deployed (https://github.com/aws/aws-cdk/issues/18307).
  it("name the token in the grammar of a WebSocket API's identity sources", () => {
    for (const source of quiet.the('AWS::ApiGatewayV2::Authorizer').Properties['IdentitySource']) {
      expect(source).toMatch(/^route\.request\.(querystring|header)\.[a-zA-Z0-9._-]+$/);
    }
  });

  it('set no option of HTTP APIs on the authorizer', () => {
    const httpOnly = ['AuthorizerResultTtlInSeconds', 'AuthorizerPayloadFormatVersion', 'EnableSimpleResponses'];
    const options = Object.keys(quiet.the('AWS::ApiGatewayV2::Authorizer').Properties);
    expect(options.filter((option) => httpOnly.includes(option))).toEqual([]);
  });

  it('call one function each', () => {
    const targets = ofSockets('AWS::ApiGatewayV2::Integration').map(({ Properties }) => {
      expect(Properties['IntegrationType']).toBe('AWS_PROXY');
      return /\{([A-Za-z]+)\/Function\}/.exec(quiet.read(Properties['IntegrationUri']))?.[1];
    });
    expect(targets.sort()).toEqual(['Connect', 'Disconnect', 'Message']);
  });

  it('return the message function’s result to the browser, and no other function’s', () => {
    const response = quiet.the('AWS::ApiGatewayV2::RouteResponse');
    expect(response.Properties).toMatchObject({ RouteResponseKey: '$default' });
    expect(quiet.read(response.Properties['RouteId'])).toBe('{Sockets/Api/$default-Route}');
    expect(route('$default')).toMatchObject({ RouteResponseSelectionExpression: '$default' });
    for (const key of ['$connect', '$disconnect']) {
      expect(route(key)).not.toHaveProperty('RouteResponseSelectionExpression');
    }
  });

  it("are selected by the frame's event", () => {
    const { ProtocolType, RouteSelectionExpression } = quiet.the('AWS::ApiGatewayV2::Api', 'Sockets').Properties;
    expect([ProtocolType, RouteSelectionExpression]).toEqual(['WEBSOCKET', '$request.body.event']);
  });

  it('can be invoked by API Gateway for this API and by the schedule for this rule, and by nothing else', () => {
    for (const { Properties } of withHello.of('AWS::Lambda::Permission')) {
      const source = withHello.read(Properties['SourceArn']);
      const api = Properties['FunctionName']['Fn::GetAtt'][0].includes('Publish') ? '{Http/Api}' : '{Sockets/Api}';
      const rule = JSON.stringify(Properties['FunctionName']).includes('Tick') ? 'Hello' : 'Revalidation';
      const expected = { 'apigateway.amazonaws.com': api, 'events.amazonaws.com': `{${rule}/EveryMinute}` };
      expect(Object.keys(expected)).toContain(Properties['Principal']);
      expect(source).toContain(expected[Properties['Principal'] as keyof typeof expected]);
    }
  });
});

describe('the stage', () => {
  const settings = (deployment: Deployment) =>
    deployment.the('AWS::ApiGatewayV2::Stage', 'Sockets').Properties['DefaultRouteSettings'];

  it('allows 2000 requests a second, and bursts of 1000', () => {
    expect(settings(quiet)).toEqual({ ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 1000 });
  });

  it('takes other limits', () => {
    const throttled = deploy({ throttle: { rateLimit: 50, burstLimit: 20 } });
    expect(settings(throttled)).toEqual({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 20 });
  });

  it('writes no execution log, which would contain tokens and frames', () => {
    expect(settings(quiet)).not.toHaveProperty('LoggingLevel');
    expect(settings(quiet)).not.toHaveProperty('DataTraceEnabled');
  });

  it('is deployed automatically, with the name at the end of its URL', () => {
    expect(quiet.the('AWS::ApiGatewayV2::Stage', 'Sockets').Properties).toMatchObject({
      StageName: 'live',
      AutoDeploy: true,
    });
    expect(quiet.read(quiet.template.Outputs?.['WebSocketUrl']?.Value)).toMatch(/^wss:\/\/.*\/live$/);
  });
});

describe('the HTTP API for PHP', () => {
  it('has Pusher’s routes and our own, and no others', () => {
    const keys = ofHttp('AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties['RouteKey']);
    expect(keys.sort()).toEqual([
      'GET /apps/{app_id}/channels',
      'GET /apps/{app_id}/channels/{channel}',
      'GET /apps/{app_id}/channels/{channel}/users',
      'POST /apps/{app_id}/batch_events',
      'POST /apps/{app_id}/events',
      'POST /apps/{app_id}/sessions/{session_hash}/rebind',
      'POST /apps/{app_id}/sessions/{session_hash}/terminate_connections',
      'POST /apps/{app_id}/users/{user_id}/terminate_connections',
    ]);
    expect(quiet.the('AWS::ApiGatewayV2::Api', 'Http').Properties).not.toHaveProperty('CorsConfiguration');
  });

  it('may invoke its function for these routes and for no other', () => {
    const sources = quiet
      .of('AWS::Lambda::Permission')
      .map(({ Properties }) => quiet.read(Properties['SourceArn']))
      .filter((source) => source.includes('{Http/Api}'));
    expect(sources.map((source) => source.split('{Http/Api}')[1]).sort()).toEqual([
      '/*/*/apps/{app_id}/batch_events',
      '/*/*/apps/{app_id}/channels',
      '/*/*/apps/{app_id}/channels/{channel}',
      '/*/*/apps/{app_id}/channels/{channel}/users',
      '/*/*/apps/{app_id}/events',
      '/*/*/apps/{app_id}/sessions/{session_hash}/rebind',
      '/*/*/apps/{app_id}/sessions/{session_hash}/terminate_connections',
      '/*/*/apps/{app_id}/users/{user_id}/terminate_connections',
    ]);
  });

  it('has no stage in its paths, because Pusher’s libraries would not sign it', () => {
    const { StageName, AutoDeploy, DefaultRouteSettings } = quiet.the('AWS::ApiGatewayV2::Stage', 'Http').Properties;
    expect({ StageName, AutoDeploy }).toEqual({ StageName: '$default', AutoDeploy: true });
    expect(DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 500, ThrottlingBurstLimit: 250 });
    const { logicalId } = quiet.the('AWS::ApiGatewayV2::Api', 'Http');
    expect(quiet.template.Outputs?.['HttpApiUrl']?.Value).toEqual({ 'Fn::GetAtt': [logicalId, 'ApiEndpoint'] });
  });

  it('takes other limits', () => {
    const throttled = deploy({ httpThrottle: { rateLimit: 5, burstLimit: 2 } });
    expect(throttled.the('AWS::ApiGatewayV2::Stage', 'Http').Properties['DefaultRouteSettings']).toEqual({
      ThrottlingRateLimit: 5,
      ThrottlingBurstLimit: 2,
    });
    const { RouteSettings } = throttled.the('AWS::ApiGatewayV2::Stage', 'Http').Properties;
    for (const own of Object.values(RouteSettings)) {
      expect(own).toEqual({ ThrottlingRateLimit: 5, ThrottlingBurstLimit: 2 });
    }
  });

  it('gives each route that closes sockets a separate throttle, so that a flood of events does not block a logout', () => {
    const { Properties, DependsOn } = quiet.the('AWS::ApiGatewayV2::Stage', 'Http');
    const closing = ofHttp('AWS::ApiGatewayV2::Route').filter(({ Properties: { RouteKey } }) =>
      /terminate_connections$|rebind$/.test(RouteKey),
    );
    expect(closing).toHaveLength(3);
    const own = { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 250 };
    expect(Properties['RouteSettings']).toEqual(
      Object.fromEntries(closing.map((each) => [each.Properties['RouteKey'], own])),
    );
    // CloudFormation does not find a route that comes later, and the first deployment fails.
    for (const { logicalId } of closing) expect(DependsOn).toContain(logicalId);
  });

  it('logs the route and never the path, which contains user ids', () => {
    const { Format } = quiet.the('AWS::ApiGatewayV2::Stage', 'Http').Properties['AccessLogSettings'];
    const named = [...Format.matchAll(/\$context\.([A-Za-z.]+)/g)].map(([, name]) => name);
    expect(named.sort()).toEqual([
      'error.responseType',
      'identity.sourceIp',
      'integration.latency',
      'integration.status',
      'requestId',
      'requestTime',
      'routeKey',
      'status',
    ]);
    expect(Format.match(/\$/g)).toHaveLength(named.length);
  });

  it('has an alarm that goes off when one logout leaves sockets open', () => {
    const { Properties } = quiet.the('AWS::CloudWatch::Alarm', 'Publish/Alarm');
    expect(Properties).toMatchObject({ MetricName: 'Errors', Period: 60, EvaluationPeriods: 1, Threshold: 1 });
    const [dimension] = Properties['Dimensions'];
    expect([dimension.Name, quiet.read(dimension.Value)]).toEqual(['FunctionName', '{Publish/Function}']);
  });
});

describe('the access log', () => {
  const { Format, DestinationArn } = quiet.the('AWS::ApiGatewayV2::Stage', 'Sockets').Properties['AccessLogSettings'];

  // Everything that API Gateway offers there and that cannot carry a token, a cookie or what PHP said of somebody.
  const harmless = [
    'requestId',
    'requestTime',
    'connectionId',
    'eventType',
    'routeKey',
    'status',
    'error.responseType',
    'authorizer.status',
    'authorizer.latency',
    'integration.status',
    'integration.latency',
    'identity.sourceIp',
  ];

  it('is one line of JSON, below API Gateway’s limit of 3 KB', () => {
    expect(Object.keys(JSON.parse(Format))).toHaveLength(harmless.length);
    expect(Format).not.toContain('\n');
    expect(Buffer.byteLength(Format)).toBeLessThan(3 * 1024);
  });

  it('has no query string, no header and nothing of the authorizer’s context', () => {
    const named = [...Format.matchAll(/\$context\.([A-Za-z.]+)/g)].map(([, name]) => name);
    expect(named.sort()).toEqual([...harmless].sort());
    expect(Format.match(/\$/g)).toHaveLength(named.length);
  });

  it('has a destination without :* at its end, because drift detection would report it', () => {
    expect(quiet.read(DestinationArn)).toBe(
      'arn:{AWS::Partition}:logs:{AWS::Region}:{AWS::AccountId}:log-group:{Sockets/AccessLog}',
    );
  });

  it('creates the role that API Gateway needs for it, before the stage', () => {
    const account = quiet.the('AWS::ApiGateway::Account');
    expect(quiet.read(account.Properties['CloudWatchRoleArn'])).toBe('{Sockets/LogRole}');
    expect(quiet.the('AWS::ApiGatewayV2::Stage', 'Sockets').DependsOn).toContain(account.logicalId);
  });

  it('uses the account’s existing role if cloudWatchRole is false', () => {
    const guest = deploy({ cloudWatchRole: false });
    expect(guest.of('AWS::ApiGateway::Account')).toEqual([]);
    expect(guest.resources.filter(({ path }) => path.includes('LogRole'))).toEqual([]);
    expect(guest.the('AWS::ApiGatewayV2::Stage', 'Sockets').Properties).toHaveProperty('AccessLogSettings');
  });
});

describe.each(both)('every function, %s,', (_, deployment) => {
  it('runs on Node 24 on ARM', () => {
    for (const { Properties } of lambdas(deployment)) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
    }
  });

  it('has a separate role, for Lambda alone', () => {
    const roles = lambdas(deployment).map(({ Properties }) => deployment.read(Properties['Role']));
    expect(roles).toEqual(lambdas(deployment).map(({ path }) => `{${path.replace('/Function', '/Role')}}`));
    for (const { path } of lambdas(deployment)) {
      const role = deployment.the('AWS::IAM::Role', path.replace('/Function', '/Role'));
      expect(role.Properties['AssumeRolePolicyDocument'].Statement).toEqual([
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
      ]);
    }
  });

  it('has a separate log, kept for a month', () => {
    const logs = lambdas(deployment).map(({ Properties }) => deployment.read(Properties['LoggingConfig'].LogGroup));
    expect(logs).toEqual(lambdas(deployment).map(({ path }) => `{${path.replace('/Function', '/Log')}}`));
    for (const group of deployment.of('AWS::Logs::LogGroup')) expect(group.Properties['RetentionInDays']).toBe(30);
  });

  it('has a description', () => {
    for (const { Properties } of lambdas(deployment)) expect(Properties['Description']).toMatch(/^[A-Z][^.]+$/);
  });

  it('has no secret in its environment, only the ARN of the secret', () => {
    const secret = deployment.the('AWS::SecretsManager::Secret').logicalId;
    for (const { path, Properties } of lambdas(deployment)) {
      const variables: Record<string, unknown> = Properties['Environment']?.Variables ?? {};
      const { CREDENTIALS_SECRET_ARN, ...others } = variables;
      const signs = /^(Authorizer|Publish|Message|Revalidation)/.test(path);
      expect(CREDENTIALS_SECRET_ARN).toEqual(signs ? { Ref: secret } : undefined);
      expect(JSON.stringify(others)).not.toContain(secret);
      expect(JSON.stringify(variables)).not.toContain('{{resolve');
    }
  });

  it('has a timeout above the ten seconds and one attempt of a post, if it announces members that leave', () => {
    for (const path of ['Message', 'Publish', 'Disconnect', 'Revalidation', 'Channels']) {
      expect(deployment.the('AWS::Lambda::Function', path).Properties['Timeout']).toBeGreaterThan(10 + 3);
    }
  });

  it('has a timeout below that of API Gateway, if a browser or PHP waits for it', () => {
    for (const path of ['Authorizer', 'Connect', 'Message', 'Publish']) {
      expect(deployment.the('AWS::Lambda::Function', path).Properties['Timeout']).toBeLessThan(29);
    }
  });
});

describe('Lambda’s own lines', () => {
  const formats = (deployment: Deployment) =>
    lambdas(deployment).map(({ Properties: { LoggingConfig } }) => ({ ...LoggingConfig, LogGroup: undefined }));

  it('are text by default', () => {
    expect(formats(withHello)).toEqual(Array(8).fill({ LogGroup: undefined }));
  });

  it.each(['INFO', 'WARN'] as const)(
    'are JSON from the level %s on, and those of the gateway from INFO on',
    (systemLogLevel) => {
      expect(formats(deploy({ hello: true, systemLogLevel }))).toEqual(
        Array(8).fill({ LogFormat: 'JSON', SystemLogLevel: systemLogLevel, ApplicationLogLevel: 'INFO' }),
      );
    },
  );
});

it('keeps every log for as long as the props say', () => {
  const groups = deploy({ hello: true, logRetention: RetentionDays.ONE_WEEK }).of('AWS::Logs::LogGroup');
  expect(groups.map(({ Properties }) => Properties['RetentionInDays'])).toEqual(Array(10).fill(7));
});

describe('the authorizer', () => {
  it('gets all of its settings', () => {
    const strict = deploy({
      allowedOrigins: ['https://app.example.com', 'https://shop.example.com:8443'],
      mode: 'status',
      cookieName: '__Host-SID',
      sessionTimeout: Duration.seconds(1),
      allowMissingOrigin: true,
    });
    expect(strict.the('AWS::Lambda::Function', 'Authorizer').Properties['Environment'].Variables).toMatchObject({
      SESSION_ENDPOINT: 'https://app.example.com/getSessionID',
      SESSION_MODE: 'status',
      SESSION_TIMEOUT_MS: '1000',
      COOKIE_NAME: '__Host-SID',
      ALLOWED_ORIGINS: 'https://app.example.com https://shop.example.com:8443',
      ALLOW_MISSING_ORIGIN: 'yes',
    });
  });

  it('gets the mode and the place of the token', () => {
    const variables = (deployment: Deployment, path: string) =>
      deployment.the('AWS::Lambda::Function', path).Properties['Environment'].Variables;
    const ticket = deploy({ mode: 'ticket', tokenFrom: 'subprotocol', sessionCheck: 'trust-ticket' });
    expect(variables(ticket, 'Authorizer')).toMatchObject({
      SESSION_MODE: 'ticket',
      TOKEN_FROM: 'subprotocol',
      SESSION_CHECK: 'trust-ticket',
    });
    expect(ticket.read(variables(ticket, 'Connect').CLAIMS_TABLE)).toBe('{Tables/Claims}');
    expect(variables(ticket, 'Connect').SUBPROTOCOL).toBe('session-socket');

    const cookie = deploy({ mode: 'cookie', cookies: ['SID', 'wordpress_logged_in_*'] });
    expect(variables(cookie, 'Authorizer')).toMatchObject({
      TOKEN_FROM: 'cookie',
      COOKIES: 'SID wordpress_logged_in_*',
    });
    for (const name of ['CLAIMS_TABLE', 'SUBPROTOCOL']) expect(variables(cookie, 'Connect')).not.toHaveProperty(name);
    expect(variables(quiet, 'Connect')).not.toHaveProperty('SUBPROTOCOL');
  });

  it('has the configured reserved concurrency, and none by default', () => {
    const concurrencyOf = (deployment: Deployment) =>
      deployment
        .of('AWS::Lambda::Function')
        .flatMap(({ path, Properties: { ReservedConcurrentExecutions: n } }) => (n === undefined ? [] : [[path, n]]));
    const once = deploy({ revalidate: false, maxConcurrentSessionChecks: 3 });
    expect(concurrencyOf(once)).toEqual([['Authorizer/Function', 3]]);
    const again = deploy({ maxConcurrentSessionChecks: 3 });
    expect(concurrencyOf(again)).toEqual([['Authorizer/Function', 2]]);
    const { Variables } = again.the('AWS::Lambda::Function', 'Revalidation').Properties['Environment'];
    expect(Variables.CHECKS_AT_ONCE).toBe('1');
    expect(concurrencyOf(quiet)).toEqual([]);
  });

  it('gives connect the limit of sockets of a user, 100 by default', () => {
    const limitOf = (deployment: Deployment) => {
      const { Variables } = deployment.the('AWS::Lambda::Function', 'Connect').Properties['Environment'];
      return [Variables.MAX_CONNECTIONS, Variables.AT_MAX_CONNECTIONS];
    };
    expect(limitOf(quiet)).toEqual(['100', 'refuse']);
    expect(limitOf(deploy({ maxConnectionsPerUser: 5, atMaxConnections: 'oldest-out' }))).toEqual(['5', 'oldest-out']);
  });

  it('gives message and connect the limits of traffic, with the derived ones', () => {
    const limitsOf = (deployment: Deployment) => {
      const [message, connect] = ['Message', 'Connect'].map(
        (path) => deployment.the('AWS::Lambda::Function', path).Properties['Environment'].Variables,
      );
      const all = Object.entries({ ...message, ...connect });
      return Object.fromEntries(all.filter(([name]) => /_PER_(SECOND|MINUTE|CONNECTION)/.test(name)));
    };
    expect(limitsOf(quiet)).toEqual({
      CLIENT_EVENTS_PER_SECOND: '10',
      CLIENT_EVENTS_PER_MINUTE_PER_USER: '600',
      FRAMES_PER_MINUTE: '900',
      FRAMES_PER_MINUTE_PER_USER: '2700',
      CHANNELS_PER_CONNECTION: '100',
      PRESENCE_JOINS_PER_MINUTE: '100',
      PRESENCE_JOINS_PER_MINUTE_PER_USER: '300',
      HANDSHAKES_PER_MINUTE_PER_USER: '200',
    });
    const few = { maxClientEventsPerSecond: 1, maxChannelsPerConnection: 4, maxConnectionsPerUser: 5 };
    expect(limitsOf(deploy(few))).toEqual({
      CLIENT_EVENTS_PER_SECOND: '1',
      CLIENT_EVENTS_PER_MINUTE_PER_USER: '60',
      FRAMES_PER_MINUTE: '360',
      FRAMES_PER_MINUTE_PER_USER: '1080',
      CHANNELS_PER_CONNECTION: '4',
      PRESENCE_JOINS_PER_MINUTE: '4',
      PRESENCE_JOINS_PER_MINUTE_PER_USER: '12',
      HANDSHAKES_PER_MINUTE_PER_USER: '10',
    });
    const props = {
      maxFramesPerMinute: 1,
      maxFramesPerMinutePerUser: 2,
      maxClientEventsPerSecond: 3,
      maxClientEventsPerMinutePerUser: 4,
      maxChannelsPerConnection: 5,
      maxPresenceJoinsPerMinute: 6,
      maxPresenceJoinsPerMinutePerUser: 7,
      maxHandshakesPerMinutePerUser: 8,
    };
    expect(limitsOf(deploy(props))).toEqual({
      FRAMES_PER_MINUTE: '1',
      FRAMES_PER_MINUTE_PER_USER: '2',
      CLIENT_EVENTS_PER_SECOND: '3',
      CLIENT_EVENTS_PER_MINUTE_PER_USER: '4',
      CHANNELS_PER_CONNECTION: '5',
      PRESENCE_JOINS_PER_MINUTE: '6',
      PRESENCE_JOINS_PER_MINUTE_PER_USER: '7',
      HANDSHAKES_PER_MINUTE_PER_USER: '8',
    });
  });

  it('is strict by default', () => {
    expect(quiet.the('AWS::Lambda::Function', 'Authorizer').Properties['Environment'].Variables).toMatchObject({
      SESSION_MODE: 'ticket',
      TOKEN_FROM: 'query',
      SESSION_CHECK: 'always',
      SESSION_TIMEOUT_MS: '2500',
      COOKIE_NAME: 'PHPSESSID',
      ALLOW_MISSING_ORIGIN: 'no',
    });
  });

  it('has a timeout above PHP’s and the secret’s together, so that it can log what happened', () => {
    const slow = deploy({ sessionTimeout: Duration.seconds(20) }).the('AWS::Lambda::Function', 'Authorizer');
    expect(slow.Properties['Timeout']).toBeGreaterThan(20 + 3);
    expect(slow.Properties['Timeout']).toBeLessThan(29);
  });

  it('has an alarm on its errors, which are failed session checks and nothing else', () => {
    const { AlarmDescription, ...alarm } = quiet.the('AWS::CloudWatch::Alarm', 'Authorizer/Alarm').Properties;
    expect(AlarmDescription).toContain('Session checks fail');
    expect(alarm).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Statistic: 'Sum',
      Period: 60,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
    const [dimension, ...others] = alarm['Dimensions'];
    expect([dimension.Name, quiet.read(dimension.Value), others]).toEqual([
      'FunctionName',
      '{Authorizer/Function}',
      [],
    ]);
  });
});

describe('connect', () => {
  it('has an alarm on its errors, because they fail handshakes that PHP has accepted', () => {
    const { Properties } = quiet.the('AWS::CloudWatch::Alarm', 'Connect/Alarm');
    expect(Properties).toMatchObject({
      MetricName: 'Errors',
      Threshold: 1,
      DatapointsToAlarm: 3,
      EvaluationPeriods: 5,
    });
    expect(quiet.read(Properties['Dimensions'][0].Value)).toBe('{Connect/Function}');
  });
});

describe('the tables', () => {
  it.each([
    ['Tables/Connections', { principalId: 'HASH', connectionId: 'RANGE' }],
    ['Tables/Owners', { owner: 'HASH', connectionId: 'RANGE' }],
    ['Tables/Claims', { claim: 'HASH' }],
    ['Tables/Revocations', { principalId: 'HASH' }],
  ])('%s is on demand, with its keys as strings, and deletes rows by expiresAt', (path, keys) => {
    const { Properties } = quiet.the('AWS::DynamoDB::Table', path);
    expect(Properties['BillingMode']).toBe('PAY_PER_REQUEST');
    expect(Properties['TimeToLiveSpecification']).toEqual({ AttributeName: 'expiresAt', Enabled: true });
    expect(Properties['KeySchema']).toEqual(
      Object.entries(keys).map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
    );
    expect(Properties['AttributeDefinitions']).toEqual(
      Object.keys(keys).map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    );
  });

  it('are exactly these', () => {
    const paths = quiet.of('AWS::DynamoDB::Table').map(({ path }) => path);
    expect(paths).toEqual([
      'Tables/Connections',
      'Tables/Subscriptions',
      'Tables/Members',
      'Tables/Owners',
      'Tables/Claims',
      'Tables/Revocations',
    ]);
  });
});

describe('the credentials', () => {
  it('hold a secret that AWS generates and no template contains', () => {
    expect(quiet.the('AWS::SecretsManager::Secret').Properties['SecretString']).toBeUndefined();
  });

  it('appear nowhere else: no part of the template reads the value', () => {
    for (const [, { template }] of both) {
      expect(JSON.stringify(template).match(/\{\{resolve[^}]*\}\}/g) ?? []).toEqual([]);
    }
  });
});

describe('hello', () => {
  it('is off by default: no function and no schedule', () => {
    expect(quiet.resources.filter(({ path }) => path.includes('Hello'))).toEqual([]);
    expect(quiet.the('AWS::Lambda::Function', 'Connect').Properties['Environment'].Variables).not.toHaveProperty(
      'TICK_FUNCTION',
    );
  });

  it('starts every minute', () => {
    const { ScheduleExpression, State, Targets } = withHello.the('AWS::Events::Rule', 'Hello').Properties;
    expect([ScheduleExpression, State]).toEqual(['cron(* * * * ? *)', 'ENABLED']);
    expect(Targets.map(({ Arn }: { Arn: unknown }) => withHello.read(Arn))).toEqual(['{Hello/Tick/Function}']);
  });

  it('is never retried, neither by the schedule nor by Lambda, because the failed minute is over', () => {
    const [target] = withHello.the('AWS::Events::Rule', 'Hello').Properties['Targets'];
    const once = { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 };
    expect(target.RetryPolicy).toEqual(once);
    expect(withHello.the('AWS::Lambda::EventInvokeConfig', 'Hello').Properties).toMatchObject(once);
  });

  it('has a timeout above a minute', () => {
    expect(withHello.the('AWS::Lambda::Function', 'Hello').Properties['Timeout']).toBeGreaterThan(60);
  });

  it('is started by a new connection as well', () => {
    const { TICK_FUNCTION } = withHello.the('AWS::Lambda::Function', 'Connect').Properties['Environment'].Variables;
    expect(withHello.read(TICK_FUNCTION)).toBe('{Hello/Tick/Function}');
  });
});

describe('deliver', () => {
  const { Timeout, MemorySize } = quiet.the('AWS::Lambda::Function', 'Channels').Properties;

  it('is tried three times, even if it dies in its last second and Lambda waits before a retry', () => {
    const { Properties } = quiet.the('AWS::Lambda::EventInvokeConfig', 'Channels');
    expect(Properties['MaximumRetryAttempts']).toBe(2);
    expect(Properties['MaximumEventAgeInSeconds']).toBeGreaterThan(2 * Timeout + 3 * 60);
  });

  it('has one whole CPU', () => {
    expect(MemorySize).toBe(1769);
  });

  it.each([
    [{}, { POST_RATE: '9000', POST_BURST: '1250' }],
    [{ accountRequestQuota: { rateLimit: 2_500, burstLimit: 1_250 } }, { POST_RATE: '2250', POST_BURST: '312' }],
  ])(
    "and who publishes post at nine tenths of the account's rate and a quarter of its burst: %o",
    (props, expected) => {
      const deployment = deploy(props);
      for (const path of ['Channels', 'Publish', 'Disconnect']) {
        const { Variables } = deployment.the('AWS::Lambda::Function', path).Properties['Environment'];
        expect(Variables).toMatchObject(expected);
      }
    },
  );

  it('has an alarm that goes off when a post is lost, or Lambda drops a worker', () => {
    const { Metrics, Threshold, ...window } = quiet.the('AWS::CloudWatch::Alarm', 'Channels/Deliver/Alarm').Properties;
    const found = Metrics.flatMap(({ MetricStat }: { MetricStat?: { Metric: { MetricName: string } } }) =>
      MetricStat === undefined ? [] : [MetricStat.Metric.MetricName],
    );
    expect([...found].sort()).toEqual(['AsyncEventsDropped', 'Lost']);
    expect(Threshold).toBe(1);
    // The latest minute has no value yet, which FILL makes 0: alone it would never alarm.
    expect(window).toMatchObject({ DatapointsToAlarm: 1, EvaluationPeriods: 5 });
    const { FilterPattern, LogGroupName } = quiet.the('AWS::Logs::MetricFilter', 'Channels').Properties;
    expect([FilterPattern, quiet.read(LogGroupName)]).toEqual(['{ $.Lost > 0 }', '{Channels/Deliver/Log}']);
  });
});

describe('sessions of open sockets', () => {
  const variables = (deployment: Deployment, path: string) =>
    deployment.the('AWS::Lambda::Function', path).Properties['Environment'].Variables;
  const secondsIn = (props: Parameters<typeof deploy>[0]) => {
    const deployment = deploy(props);
    const paths = ['Authorizer', 'Connect', 'Publish', 'Revalidation'];
    const [seconds, ...others] = paths.map((path) => variables(deployment, path).REVALIDATE_SECONDS);
    expect(new Set([seconds, ...others]).size).toBe(1);
    return seconds;
  };

  it.each([
    [undefined, '600'],
    ['ticket', '600'],
    ['session-id', undefined],
    ['cookie', undefined],
    ['status', undefined],
  ] as const)('are asked about again by default in mode ticket only, whose PHP file is ours: %s', (mode, seconds) => {
    expect(secondsIn(mode === undefined ? {} : { mode })).toBe(seconds);
  });

  it('are checked again in any mode if `revalidate` is set, and in none if it is false', () => {
    expect(secondsIn({ mode: 'cookie', revalidate: Duration.minutes(3) })).toBe('180');
    expect(secondsIn({ mode: 'ticket', revalidate: false })).toBeUndefined();
  });

  it('are checked for their end every minute in any case, then without the secret and PHP’s URL', () => {
    const once = deploy({ revalidate: false });
    expect(once.the('AWS::Events::Rule', 'Revalidation').Properties['ScheduleExpression']).toBe('cron(* * * * ? *)');
    const known = Object.keys(variables(once, 'Revalidation'));
    expect(known).toContain('CONNECTIONS_TABLE');
    const asking = ['SESSION_ENDPOINT', 'CREDENTIALS_SECRET_ARN', 'REVALIDATE_SECONDS'];
    expect(known.filter((name) => asking.includes(name))).toEqual([]);
  });

  it('are checked by a run that may overlap the next one, and is never retried', () => {
    expect(quiet.the('AWS::Lambda::Function', 'Revalidation').Properties['Timeout']).toBeGreaterThan(
      endsSoonMs / 1000 + 20,
    );
    const once = { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 };
    const [target] = quiet.the('AWS::Events::Rule', 'Revalidation').Properties['Targets'];
    expect(target.RetryPolicy).toEqual(once);
    expect(quiet.the('AWS::Lambda::EventInvokeConfig', 'Revalidation').Properties).toMatchObject(once);
  });

  it('have an alarm that goes off when a run fails', () => {
    expect(quiet.the('AWS::CloudWatch::Alarm', 'Revalidation/Revalidate/Alarm').Properties).toMatchObject({
      MetricName: 'Errors',
      Threshold: 1,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });
});

describe('the outputs', () => {
  it.each(both)('%s have the settings for pages and PHP, and not the secret', (_, { template }) => {
    const names = ['WebSocketUrl', 'HttpApiUrl', 'AppId', 'Key', 'SecretName', 'Mode', 'TokenFrom'];
    expect(Object.keys(template.Outputs ?? {})).toEqual(names);
  });

  it('use TLS only', () => {
    const { WebSocketUrl, HttpApiUrl } = quiet.template.Outputs ?? {};
    expect(quiet.read(WebSocketUrl?.Value)).toMatch(/^wss:\/\//);
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-api.html: always https.
    expect(HttpApiUrl?.Value).toEqual({ 'Fn::GetAtt': [expect.any(String), 'ApiEndpoint'] });
  });
});

describe('after cdk destroy', () => {
  // Without a DeletionPolicy CloudFormation deletes, but for AWS::RDS::DBCluster and a DBInstance outside of one, which
  // it snapshots (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html).
  const deletedByDefault = new Set([
    'AWS::ApiGatewayV2::Api',
    'AWS::ApiGatewayV2::Authorizer',
    'AWS::ApiGatewayV2::Integration',
    'AWS::ApiGatewayV2::Route',
    'AWS::ApiGatewayV2::RouteResponse',
    'AWS::ApiGatewayV2::Stage',
    'AWS::CloudWatch::Alarm',
    'AWS::CloudWatch::CompositeAlarm',
    'AWS::Events::Rule',
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
    'AWS::Lambda::EventInvokeConfig',
    'AWS::Lambda::Function',
    'AWS::Lambda::Permission',
    'AWS::Logs::MetricFilter',
  ]);
  // CDK keeps these unless it is told otherwise, so the template has to say it.
  const saysDelete = new Set(['AWS::DynamoDB::Table', 'AWS::Logs::LogGroup', 'AWS::SecretsManager::Secret']);

  it('only the role for logs is left, because other APIs may rely on it', () => {
    const kept = withHello.resources.filter(({ DeletionPolicy }) => (DeletionPolicy ?? 'Delete') !== 'Delete');
    expect(kept.map(({ path }) => path)).toEqual(['Sockets/LogRole', 'Sockets/LogAccount']);
  });

  it('nothing is left if the account had such a role', () => {
    const kept = deploy({ hello: true, cloudWatchRole: false }).resources.filter(
      ({ DeletionPolicy }) => (DeletionPolicy ?? 'Delete') !== 'Delete',
    );
    expect(kept).toEqual([]);
  });

  it('resources with data are deleted by the template’s policy, and the rest by default', () => {
    for (const { Type, path, DeletionPolicy, UpdateReplacePolicy } of withHello.resources) {
      if (DeletionPolicy === 'Retain') continue;
      const expected = saysDelete.has(Type) ? 'Delete' : undefined;
      expect({ path, DeletionPolicy, UpdateReplacePolicy }).toEqual({
        path,
        DeletionPolicy: expected,
        UpdateReplacePolicy: expected,
      });
      expect([...saysDelete, ...deletedByDefault]).toContain(Type);
    }
  });

  it('no table has deletion protection', () => {
    for (const table of withHello.of('AWS::DynamoDB::Table')) {
      expect(table.Properties['DeletionProtectionEnabled'] ?? false).toBe(false);
    }
  });
});

describe('several gateways', () => {
  /** Properties that name a thing for a whole account and region: a second one of the same name fails to deploy. */
  const names: Readonly<Record<string, string>> = {
    'AWS::CloudWatch::Alarm': 'AlarmName',
    'AWS::CloudWatch::CompositeAlarm': 'AlarmName',
    'AWS::DynamoDB::Table': 'TableName',
    'AWS::Events::Rule': 'Name',
    'AWS::IAM::Role': 'RoleName',
    'AWS::Lambda::Function': 'FunctionName',
    'AWS::Logs::LogGroup': 'LogGroupName',
    'AWS::SecretsManager::Secret': 'Name',
  };

  it('do not collide in one account, because no resource has a fixed name', () => {
    for (const { Type, path, Properties } of withHello.resources) {
      expect([path, Properties[names[Type] ?? '']]).toEqual([path, undefined]);
    }
  });

  it('fit into one stack, each with its own credentials, tables and sockets', () => {
    const stack = new Stack(createApp(), 'Shop');
    for (const id of ['Shop', 'Desk']) new SessionSocket(stack, id, { ...least, cloudWatchRole: false });
    const { template, of } = readDeployment(stack);
    expect(of('AWS::ApiGatewayV2::Api')).toHaveLength(4);
    expect(of('AWS::DynamoDB::Table')).toHaveLength(12);
    expect(Object.keys(template.Resources)).toHaveLength(2 * deploy({ cloudWatchRole: false }).resources.length);
    expect(of('AWS::SecretsManager::Secret')).toHaveLength(2);
  });

  it('fit into several stages, each with its own credentials', () => {
    const app = createApp();
    const [test, live] = ['Test', 'Live'].map(
      (id) => new SessionSocketStack(new Stage(app, id), 'Shop', least).sessionSocket,
    );
    expect(test?.key).not.toBe(live?.key);
    expect(test?.appId).not.toBe(live?.appId);
  });
});
