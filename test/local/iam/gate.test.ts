import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Denial } from '../../../local/iam/denial.ts';
import { type Caller, createGate } from '../../../local/iam/gate.ts';
import { connectionNeed, type Need, secretNeed } from '../../../local/iam/needs.ts';
import { readPolicy } from '../../../local/iam/policy.ts';
import type { SignedRequest } from '../../../local/iam/signature.ts';
import { Sha256 } from '../../assemblies/signed-fetch.ts';

const place = { region: 'us-east-1', accountId: '123456789012' };
const table = 'arn:aws:dynamodb:us-east-1:123456789012:table/rows';
const now = new Date('2026-11-23T16:45:00Z');

const worker: Caller = {
  credentials: { accessKeyId: 'ASIAWORKER', secretAccessKey: 'of the worker', sessionToken: 'token+of/the=worker' },
  arn: 'arn:aws:sts::123456789012:assumed-role/WorkerRole/Worker',
  statements: readPolicy(
    {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'dynamodb:*', Resource: table },
        { Effect: 'Deny', Action: 'dynamodb:DeleteItem', Resource: '*' },
        {
          Effect: 'Allow',
          Action: 'lambda:InvokeFunction',
          Resource: '*',
          Condition: {
            ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/WorkerRole' },
            Null: { 'dynamodb:Select': 'true' },
          },
        },
      ],
    },
    'Worker',
  ),
  context: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/WorkerRole' },
};
const administrator: Caller = {
  credentials: { accessKeyId: 'AKIAADMINISTRATOR', secretAccessKey: 'of the administrator' },
  arn: 'arn:aws:iam::123456789012:user/administrator',
  statements: undefined,
  context: {},
};
const gate = createGate({ callers: [worker, administrator], region: 'us-east-1', clock: { now: () => now.getTime() } });

interface Unsigned {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly region?: string;
  readonly service?: string;
  readonly date?: Date;
  readonly credentials?: Caller['credentials'];
}

/** Signs a request with AWS's own signer. */
async function sign(unsigned: Unsigned = {}): Promise<SignedRequest> {
  const { method = 'POST', path = '/', query = {}, headers = {}, body = '{}', region = 'us-east-1' } = unsigned;
  const { service = 'dynamodb', date = now, credentials = worker.credentials } = unsigned;
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
  const all = { host: '127.0.0.1:4000', ...headers };
  const request = { method, protocol: 'http:', hostname: '127.0.0.1', path, query, headers: all, body };
  const signed = await signer.sign(request, { signingDate: date });
  const search = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='));
  const url = search.length === 0 ? path : `${path}?${search.join('&')}`;
  return { method, url, headers: signed.headers, body: Buffer.from(body) };
}

async function check(unsigned: Unsigned, ...needs: readonly Need[]): Promise<Denial | undefined> {
  return gate.check(unsigned.service ?? 'dynamodb', await sign(unsigned), needs);
}

const put: Need = { action: 'dynamodb:PutItem', resource: table };

describe('a signature', () => {
  it("of AWS's own SDK is accepted for any request", async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9 _.~!'()*@:=+-]{1,8}$/);
    const unsigned = fc.record({
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      path: fc.array(name).map((parts) => `/${parts.map(encodeURIComponent).join('/')}`),
      query: fc.dictionary(name, fc.string({ unit: 'grapheme' }), { maxKeys: 3 }),
      headers: fc.record({ 'x-amz-target': fc.constantFrom('a', ' b  c '), 'content-type': fc.constant('text/plain') }),
      body: fc.string({ unit: 'grapheme' }),
      credentials: fc.constantFrom(worker.credentials, administrator.credentials),
    });
    await fc.assert(
      fc.asyncProperty(unsigned, async (each) => {
        expect(await check(each)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, (request: SignedRequest) => SignedRequest]>([
    ['another body', (request) => ({ ...request, body: Buffer.from('{"a":1}') })],
    ['another path', (request) => ({ ...request, url: '/other' })],
    ['another query', (request) => ({ ...request, url: '/?a=1' })],
    ['another method', (request) => ({ ...request, method: 'PUT' })],
    ['another value of a signed header', (request) => withHeaders(request, { host: 'elsewhere' })],
    [
      'trailing characters',
      (request) => withHeaders(request, { authorization: `${request.headers['authorization']}zz` }),
    ],
    ['another secret', (request) => withHeaders(request, { authorization: tamper(request) })],
  ])('does not match %s', async (_, change) => {
    const denial = gate.check('dynamodb', change(await sign()), [put]);
    expect(denial).toMatchObject({ status: 400, errorType: 'InvalidSignatureException' });
    expect(denial?.message).toMatch(/^The request signature we calculated does not match the signature you provided\./);
  });

  it('of an unsigned payload is rejected, because only Amazon S3 supports it', async () => {
    const denial = await check({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }, put);
    expect(denial?.errorType).toBe('InvalidSignatureException');
  });

  it('with an unknown key or another session token is rejected as an invalid token', async () => {
    const invalid = {
      errorType: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    };
    const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' };
    expect(await check({ credentials: stranger })).toMatchObject(invalid);
    expect(await check({ credentials: { ...worker.credentials, sessionToken: 'another' } })).toMatchObject(invalid);
    const { accessKeyId, secretAccessKey } = worker.credentials;
    expect(await check({ credentials: { accessKeyId, secretAccessKey } })).toMatchObject(invalid);
    expect(await check({ credentials: { ...administrator.credentials, sessionToken: 'any' } })).toMatchObject(invalid);
  });

  it('must have the right region, service, day and host', async () => {
    const messageOf = async (unsigned: Unsigned, change = (request: SignedRequest) => request) =>
      gate.check('dynamodb', change(await sign(unsigned)), [])?.message;
    expect(await messageOf({ region: 'eu-west-1' })).toContain("scoped to a valid region, not 'eu-west-1'");
    expect(await messageOf({ service: 'lambda' })).toContain("scoped to correct service: 'dynamodb'");
    const other = (from: string, to: string) => (request: SignedRequest) =>
      withHeaders(request, { authorization: String(request.headers['authorization']).replace(from, to) });
    expect(await messageOf({}, other('aws4_request', 'aws5'))).toContain('scoped with a valid terminator');
    expect(await messageOf({}, other('/20261123/', '/20261122/'))).toContain('Date in Credential scope does not match');
    expect(await messageOf({}, other('host;', ''))).toBe("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  });

  it.each([
    ['dynamodb', 400, 15],
    ['secretsmanager', 400, 5],
    ['lambda', 403, 5],
    ['execute-api', 403, 5],
  ])(
    'for %s expires, with status %i, if the clocks differ by more than %i minutes',
    async (service, status, minutes) => {
      const apart = (ms: number) => new Date(now.getTime() + ms);
      const ms = minutes * 60_000;
      for (const date of [apart(-ms), apart(ms)]) expect(await check({ service, date })).toBeUndefined();
      const early = await check({ service, date: apart(ms + 1000) });
      expect(early).toMatchObject({ status, errorType: 'InvalidSignatureException' });
      expect(early?.message).toMatch(/^Signature not yet current: 2026\d{4}T\d{6}Z is still later than/);
      const late = await check({ service, date: apart(-ms - 1000) });
      expect(late?.message).toMatch(new RegExp(`is now earlier than .* \\(20261123T164500Z - ${minutes} min\\.\\)$`));
    },
  );

  it.each([
    ['dynamodb', 400, 'Request is missing Authentication Token'],
    ['secretsmanager', 400, 'Missing Authentication Token'],
    ['lambda', 403, 'Missing Authentication Token'],
    ['execute-api', 403, 'Missing Authentication Token'],
  ])('for %s is required', (service, status, message) => {
    for (const authorization of [undefined, '', 'Bearer x']) {
      const request = { method: 'POST', url: '/', headers: { authorization }, body: Buffer.alloc(0) };
      const denial = { status, errorType: 'MissingAuthenticationTokenException', message };
      expect(gate.check(service, request, [])).toEqual(denial);
    }
  });

  it.each([
    ['AWS4-HMAC-SHA256', "requires 'Credential' parameter"],
    ['AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00', 'must have exactly 5'],
    ['AWS4-HMAC-SHA1 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00', "Unsupported AWS 'algorithm'"],
    [
      'AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00',
      "Date must be in ISO-8601 'basic format'",
    ],
  ])('of the form %s is incomplete', (authorization, message) => {
    const request = { method: 'POST', url: '/', headers: { authorization }, body: Buffer.alloc(0) };
    const denial = gate.check('lambda', request, []);
    expect(denial).toMatchObject({ status: 403, errorType: 'IncompleteSignatureException' });
    expect(denial?.message).toContain(message);
  });

  it('never makes the gate throw, for any header', () => {
    const anything = fc.record({
      method: fc.string(),
      url: fc.string(),
      headers: fc.dictionary(fc.constantFrom('authorization', 'x-amz-date', 'host'), fc.string()),
      body: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    });
    const scope = 'ASIAWORKER/20261123/us-east-1/lambda/aws4_request';
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;constructor, Signature=zz`;
    const plausible = { authorization, 'x-amz-date': '20261123T164500Z' };
    fc.assert(
      fc.property(anything, (request) => {
        expect(gate.check('lambda', request, [])).toBeDefined();
        const headers = { ...request.headers, ...plausible };
        expect(gate.check('lambda', { ...request, headers }, [])?.errorType).toBe('InvalidSignatureException');
      }),
    );
  });
});

describe('a call', () => {
  it('passes if every need is allowed, and always for the administrator', async () => {
    const remove = { action: 'dynamodb:DeleteItem', resource: table };
    expect(await check({}, put, { ...put, action: 'dynamodb:GetItem' })).toBeUndefined();
    expect(await check({ credentials: administrator.credentials }, put, remove)).toBeUndefined();
  });

  it("is denied if one need is not allowed, with AWS's message", async () => {
    const other = { action: 'dynamodb:PutItem', resource: table.replace('rows', 'others') };
    expect(await check({}, put, other)).toEqual({
      status: 400,
      errorType: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::123456789012:assumed-role/WorkerRole/Worker is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/others because no identity-based policy allows the dynamodb:PutItem action',
    });
  });

  it('with an explicit deny gets a message about it', async () => {
    const denial = await check({}, { action: 'dynamodb:DeleteItem', resource: table });
    expect(denial?.message).toMatch(/table\/rows with an explicit deny in an identity-based policy$/);
  });

  it('gets a message without account and connection id for a socket, and with the requested name for a secret', async () => {
    const connection = { apiId: 'abcdef1234', stage: 'live', method: 'POST', connectionId: 'L0SM9cOFvHcCIhw=' };
    const post = await check({ service: 'execute-api' }, connectionNeed(connection, place));
    expect(post?.status).toBe(403);
    expect(post?.message).toContain(
      'on resource: arn:aws:execute-api:us-east-1:********9012:abcdef1234/live/POST/@connections/{connectionId} because',
    );
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:credentials-a1b2c3';
    const read = await check({ service: 'secretsmanager' }, secretNeed({ secretId: 'credentials' }, arn, place));
    expect(read?.message).toContain('secretsmanager:GetSecretValue on resource: credentials because');
  });

  it('is decided with the condition keys of the caller and of the call', async () => {
    const invoke = { action: 'lambda:InvokeFunction', resource: 'arn:aws:lambda:us-east-1:123456789012:function:any' };
    expect(await check({ service: 'lambda' }, invoke)).toBeUndefined();
    const selecting = { ...invoke, context: { 'dynamodb:Select': 'COUNT' } };
    expect((await check({ service: 'lambda' }, selecting))?.errorType).toBe('AccessDeniedException');
  });

  it('to an unknown service throws', () => {
    const request = { method: 'GET', url: '/', headers: {}, body: Buffer.alloc(0) };
    expect(() => gate.check('s3', request, [])).toThrow('The local cloud has no service s3.');
  });
});

function withHeaders(request: SignedRequest, headers: Record<string, string>): SignedRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** Changes the last digit of the signature. */
function tamper({ headers }: SignedRequest): string {
  return String(headers['authorization']).replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
}
