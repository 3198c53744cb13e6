import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestTemplate } from '../assemblies/assembly.ts';
import { addTwoWayRoute, dropConnectRoute, dropDefaultRoute, setProperties } from '../assemblies/chat.ts';
import { type Chat, startChat } from '../assemblies/start-chat.ts';
import { type Client, connect } from '../socket-client.ts';
import { itHere, startTarget, type Target } from './target.ts';

const errorFrame = (message: string) =>
  new RegExp(`^\\{"message": "${message}", "connectionId":"[\\w-]{15}=", "requestId":"[\\w-]{15}="\\}$`);

let target: Target;
let url: string;

beforeAll(async () => {
  target = await startTarget();
  url = `${target.webSocketUrl}?token=allow`;
});
afterAll(() => target.close());

async function ask(client: Client, message: unknown): Promise<Record<string, unknown>> {
  client.send(message);
  return JSON.parse(await client.next());
}

async function withClient(act: (client: Client) => Promise<void>): Promise<void> {
  const client = await connect(url);
  await act(client);
  await client.close();
}

/** The chat with other routes for messages, and one client of it. */
async function withOther(
  change: (template: TestTemplate) => void,
  act: (client: Client, chat: Chat) => Promise<void>,
): Promise<void> {
  const chat = await startChat({
    change(template) {
      dropConnectRoute(template);
      change(template);
    },
  });
  try {
    await act(await connect(chat.cloud.webSocketUrl), chat);
  } finally {
    await chat.close();
  }
}

describe('a route selection expression', () => {
  /** Of paths in braces, as in longer expressions. */
  const joined = ['a', 'b'].map((name) => `$\{request.body.${name}}`).join('/');

  itHere.each([
    ['#34', '$request.body.action', 'join', { action: 'join' }],
    ['#34', '$request.body.service.do', 'join', { service: { do: 'join' } }],
    ['#36', '$request.body.action', '7', { action: 7 }],
    ['#36', '$request.body.action', 'true', { action: true }],
    ['#36', '$request.body.action', '[a, 1]', { action: ['a', 1] }],
    ['#37', joined, 'x/y', { a: 'x', b: 'y' }],
    ['#37', joined, 'x/', { a: 'x' }],
    ['#37', 'always', 'always', { action: 'other' }],
  ])('%s %s picks %s', async (_, RouteSelectionExpression, key, message) => {
    const change = (template: TestTemplate) => {
      setProperties(template, 'Api', { RouteSelectionExpression });
      addTwoWayRoute(template, key);
    };
    await withOther(change, async (client) => expect(await ask(client, message)).toMatchObject({ routeKey: key }));
  });

  itHere('#37 \\$default sends every message to $default', async () => {
    const change = (template: TestTemplate) => {
      setProperties(template, 'Api', { RouteSelectionExpression: '\\$default' });
      addTwoWayRoute(template, 'join');
    };
    await withOther(change, async (client) =>
      expect(await ask(client, { action: 'join' })).toMatchObject({ routeKey: '$default' }),
    );
  });
});

it.each([
  ['an unknown action', { action: 'unknown' }],
  ['no action', { text: 'hi' }],
  ['no JSON', 'hello'],
  ['JSON that is no object', '[1,2]'],
  ['null', 'null'],
  ['an action called $connect', { action: '$connect' }],
  ['nothing in it', ''],
])('#35 a message with %s goes to $default', (_, message) =>
  withClient(async (client) => expect(await ask(client, message)).toMatchObject({ routeKey: '$default' })),
);

itHere('#38 #N12 without a match and without $default the frame says Forbidden, and the socket stays open', () =>
  withOther(dropDefaultRoute, async (client) => {
    for (const message of [{ action: 'unknown' }, 'hello', '']) {
      client.send(message);
      expect(await client.next()).toMatch(errorFrame('Forbidden'));
    }
    client.send({ action: 'oneWay', throws: true });
    expect(await client.next()).toMatch(errorFrame('Internal server error'));
  }),
);

it('#39 #N13 a one-way route sends nothing, whatever its function returns', () =>
  withClient(async (client) => {
    client.send({ action: 'oneWay' });
    // The next one takes longer than an answer to the first would.
    expect(await ask(client, { sleepMs: 200, mark: 'after' })).toMatchObject({ routeKey: '$default' });
    expect(client.frames).toHaveLength(1);
  }));

it('#40 #N13 a two-way route sends the body of its function, once', () =>
  withClient(async (client) => {
    expect(await ask(client, { text: 'héllo' })).toMatchObject({ echo: '{"text":"héllo"}', routeKey: '$default' });
    await ask(client, { sleepMs: 200, mark: 'once' });
    expect(client.frames).toHaveLength(2);
  }));

itHere('#40 without a route response it sends nothing', () =>
  withOther(
    ({ Resources }) => void delete Resources['DefaultRouteResponse'],
    async (client, chat) => {
      client.send({ sleepMs: 50, mark: 'unanswered' });
      await chat.line('Message', (line) => line === 'awake unanswered');
      client.send({ throws: true });
      expect(await client.next()).toMatch(errorFrame('Internal server error'));
    },
  ),
);

it.each([
  ['throws', { throws: true }],
  ['throws on a one-way route', { action: 'oneWay', throws: true }],
  ['exits', { exits: true }],
  ['returns what has no JSON', { returns: 'function' }],
  ['times out', { sleepMs: 10_000 }],
])('#41 a function that %s makes the error frame, and the socket stays open', (_, message) =>
  withClient(async (client) => {
    client.send(message);
    expect(await client.next()).toMatch(errorFrame('Internal server error'));
    expect(await ask(client, 'still here')).toMatchObject({ echo: 'still here' });
  }),
);

describe('without the permission to invoke the function', () => {
  itHere.each([
    ['two-way', 'DefaultRoutePermission', 'hello'],
    ['one-way', 'OneWayRoutePermission', { action: 'oneWay' }],
  ])('#41 a message on a %s route gets the error frame', async (_, permission, message) => {
    const change = ({ Resources }: TestTemplate) => void delete Resources[permission];
    await withOther(change, async (client, { cloud }) => {
      client.send(message);
      expect(await client.next()).toMatch(errorFrame('Internal server error'));
      expect(cloud.functions['Message']?.invocations).toBe(0);
    });
  });

  itHere('#41 a permission for another API is none', async () => {
    const SourceArn = 'arn:aws:execute-api:us-east-1:123456789012:another/*$default';
    const change = (template: TestTemplate) => setProperties(template, 'DefaultRoutePermission', { SourceArn });
    await withOther(change, async (client) => {
      client.send('hello');
      expect(await client.next()).toMatch(errorFrame('Internal server error'));
    });
  });

  itHere('#41 a role that API Gateway may take is as good as a permission', async () => {
    const change = (template: TestTemplate) => {
      delete template.Resources['DefaultRoutePermission'];
      const Action = 'lambda:InvokeFunction';
      const Resource = { 'Fn::GetAtt': ['Message', 'Arn'] };
      template.Resources['GatewayRole'] = {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: {
            Statement: [
              { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'apigateway.amazonaws.com' } },
            ],
          },
          Policies: [{ PolicyName: 'own', PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] } }],
        },
      };
      setProperties(template, 'DefaultRouteIntegration', { CredentialsArn: { 'Fn::GetAtt': ['GatewayRole', 'Arn'] } });
    };
    await withOther(change, async (client) => expect(await ask(client, 'hello')).toMatchObject({ echo: 'hello' }));
  });

  itHere.each([
    ['AuthorizerPermission', 'of the authorizer'],
    ['ConnectRoutePermission', 'of $connect'],
  ])('#41 the handshake gets a 500 without %s, that %s', async (permission) => {
    const chat = await startChat({ change: ({ Resources }) => void delete Resources[permission] });
    await expect(connect(`${chat.cloud.webSocketUrl}?token=allow`)).rejects.toMatchObject({ status: 500 });
    await chat.close();
  });
});

it.each([400, 404, 500])('#42 a one-way route whose function returns %d sends nothing', (status) =>
  withClient(async (client) => {
    client.send({ action: 'oneWay', status });
    await ask(client, { sleepMs: 100, mark: 'after' });
    expect(client.frames).toHaveLength(1);
  }),
);

it('#42 a two-way route whose function returns 500 sends its body', () =>
  withClient(async (client) => {
    client.send({ status: 500 });
    expect(await client.next()).toBe('the body');
  }));

describe('handlers with a callback', () => {
  const Code = { S3Bucket: 'assets', S3Key: 'callback.zip' };
  const withCallbacks = (Runtime: string, act: (client: Client) => Promise<void>) =>
    withOther((template) => setProperties(template, 'Message', { Code, Runtime }), act);

  itHere('#43 reply and fail through it on nodejs22.x', () =>
    withCallbacks('nodejs22.x', async (client) => {
      client.send('hello');
      expect(await client.next()).toBe('called back: hello');
      client.send({ throws: true });
      expect(await client.next()).toMatch(errorFrame('Internal server error'));
    }),
  );

  itHere('#43 do not on nodejs24.x', () =>
    withCallbacks('nodejs24.x', async (client) => {
      client.send('hello');
      expect(await client.next()).toMatch(errorFrame('Internal server error'));
    }),
  );
});

itHere('#44 a route key that a template has twice is refused at start, with its logical id', async () => {
  const change = (template: TestTemplate) => addTwoWayRoute(template, 'oneWay');
  await expect(startChat({ change })).rejects.toThrow('AddedRoute: the route oneWay exists twice.');
});

it('#45 characters beyond ASCII arrive, from fragments cut in any place as well', () =>
  withClient(async (client) => {
    expect(await ask(client, 'héllo ✓ 😀')).toMatchObject({ echo: 'héllo ✓ 😀' });
    const [first, second] = ['héllo '.repeat(4000), '✓😀'.repeat(500)];
    client.socket.send(first, { fin: false });
    client.socket.send(second, { fin: true });
    expect(JSON.parse(await client.next()).echo).toBe(first + second);
  }));

itHere('#46 a MOCK integration answers with its template, stage variables resolved', async () => {
  const ResponseTemplates = { 200: '{"pong":"$stageVariables.greeting","from":"$context.connectionId"}' };
  const change = (template: TestTemplate) => {
    addTwoWayRoute(template, 'ping');
    setProperties(template, 'Stage', { StageVariables: { greeting: 'hello' } });
    Object.assign(template.Resources, {
      AddedRouteIntegration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId: { Ref: 'Api' },
          IntegrationType: 'MOCK',
          RequestTemplates: { 200: '{"statusCode":200}' },
          TemplateSelectionExpression: '200',
        },
      },
      AddedIntegrationResponse: {
        Type: 'AWS::ApiGatewayV2::IntegrationResponse',
        Properties: {
          ApiId: { Ref: 'Api' },
          IntegrationId: { Ref: 'AddedRouteIntegration' },
          IntegrationResponseKey: '$default',
          TemplateSelectionExpression: '200',
          ResponseTemplates,
        },
      },
    });
  };
  await withOther(change, async (client) => {
    const reply = await ask(client, { action: 'ping' });
    expect(reply).toMatchObject({ pong: 'hello', from: expect.stringMatching(/^[\w-]{15}=$/) });
  });
});
