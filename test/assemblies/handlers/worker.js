// Does what its event says, and is what tests of Lambda itself invoke.
let served = 0;
let firedAt = null;

/** How a service is named in a signature, by how it is named in the environment. */
const services = {
  DYNAMODB: 'dynamodb',
  LAMBDA: 'lambda',
  SECRETS_MANAGER: 'secretsmanager',
  APIGATEWAYMANAGEMENTAPI: 'execute-api',
};

const actions = {
  count: () => {
    served += 1;
    return served;
  },
  environment: () => ({ ...process.env }),
  context: (_, context) => ({ ...context, remaining: context.getRemainingTimeInMillis() }),
  nothing: () => undefined,
  function: () => () => undefined,
  symbol: () => Symbol('no JSON'),
  'odd toJSON': () => ({ toJSON: () => undefined }),
  throws: () => {
    throw new TypeError('worker failed');
  },
  exits: ({ code }) => process.exit(code),
  spins: () => {
    console.log('hanging');
    for (;;);
  },
  hangs: () => {
    console.log('hanging');
    return new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  sleeps: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, process.pid)),
  floats: async () => {
    void Promise.reject(new Error('nobody awaits me'));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  },
  /** Goes on after the answer, where it is let. */
  leaves: () => {
    setTimeout(() => {
      firedAt = Date.now();
    }, 50);
  },
  fired: () => firedAt,
  pid: () => process.pid,
  prints: ({ line }) => console.log(line),
  /** Calls an AWS service with this function's own credentials. */
  call: async ({ service, path = '/', headers = {}, body }) => {
    const { signedPost } = require('./sign.js');
    const url = new URL(process.env[`AWS_ENDPOINT_URL_${service}`] + path);
    const text = JSON.stringify(body);
    const signed = signedPost(url, services[service], headers, text);
    const response = await fetch(url, { method: 'POST', headers: signed, body: text });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  },
};

exports.handler = async (event, context) => actions[event.action](event, context);
