// Does what its event says, and is what tests of Lambda itself invoke.
let served = 0;
let firedAt = null;

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
  /** Calls an AWS service with this function's own access key. */
  call: async ({ service, path = '/', headers = {}, body }) => {
    const key = process.env.AWS_ACCESS_KEY_ID;
    const response = await fetch(`${process.env[`AWS_ENDPOINT_URL_${service}`]}${path}`, {
      method: 'POST',
      headers: { Authorization: `AWS4-HMAC-SHA256 Credential=${key}/20261123/us-east-1/x/aws4_request`, ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: Object.fromEntries(response.headers), body: text };
  },
};

exports.handler = async (event, context) => actions[event.action](event, context);
