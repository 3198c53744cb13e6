import {
  type ApiGatewayManagementApiClient,
  GoneException,
  type ServiceInputTypes,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { AwsCredentials } from '../sigv4.ts';
import { escapeAll } from './escape.ts';
import type { Answer } from './exchange.ts';
import type { Lines } from './lines.ts';
import type { Signer } from './signer.ts';

interface Lane {
  readonly lines: Lines;
  readonly sign: Signer;
  readonly credentials: () => AwsCredentials | Promise<AwsCredentials>;
  /** Of the endpoint, without a slash at its end. */
  readonly basePath: string;
}

type Input = ServiceInputTypes;
type Outcome = { readonly answer: Answer } | { readonly error: unknown };

const contentType = { 'content-type': 'application/octet-stream' };

/**
 * Posts past the SDK's own middleware, which costs ten times the CPU of the post itself. 200 and API Gateway's 410 end here.
 * Every other outcome, an error too, is handed to the SDK as what its first attempt brought: it makes its own exception of
 * it, or tries again, and `maxAttempts` counts as ever.
 */
export function addExpressLane(client: ApiGatewayManagementApiClient, lane: Lane): void {
  const handedOver = new WeakMap<Input, Outcome>();

  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { input } = args;
        if (commandName !== 'PostToConnectionCommand' || !('Data' in input)) return next(args);
        const { ConnectionId, Data } = input;
        if (!ConnectionId || !(Data instanceof Uint8Array)) return next(args);

        const outcome = await post(ConnectionId, Data);
        if ('answer' in outcome) {
          const { statusCode, headers } = outcome.answer;
          const $metadata = { httpStatusCode: statusCode };
          if (statusCode === 200) return { response: outcome.answer, output: { $metadata } };
          if (statusCode === 410 && headers['x-amzn-errortype']?.startsWith('GoneException')) {
            throw new GoneException({ message: 'Gone', $metadata });
          }
        }
        // A new object, because a caller may send the same one twice at once.
        const sameInput = { ...input };
        handedOver.set(sameInput, outcome);
        return next({ ...args, input: sameInput });
      },
    { step: 'initialize', priority: 'high', name: 'expressLane' },
  );

  client.middlewareStack.add(
    (next) => async (args) => {
      const outcome = handedOver.get(args.input);
      if (outcome === undefined) return next(args);
      handedOver.delete(args.input);
      if ('error' in outcome) throw outcome.error;
      return { response: outcome.answer } as Awaited<ReturnType<typeof next>>;
    },
    // The last before the wire.
    { step: 'deserialize', priority: 'low', name: 'expressLaneAnswer' },
  );

  async function post(connectionId: string, body: Uint8Array): Promise<Outcome> {
    const keys = lane.credentials();
    const credentials = keys instanceof Promise ? await keys : keys;
    const path = `${lane.basePath}/@connections/${escapeAll(connectionId)}`;
    // The SDK's correction of a clock that is wrong.
    const now = Date.now() + client.config.systemClockOffset;
    const signature = lane.sign({ method: 'POST', path, headers: contentType, body }, credentials, now);
    try {
      return {
        answer: await lane.lines.exchange({ method: 'POST', path, headers: { ...contentType, ...signature }, body }),
      };
    } catch (error) {
      return { error };
    }
  }
}
