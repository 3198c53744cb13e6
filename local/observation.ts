import { isGatewayId } from './gateway/events.ts';

/** What the page at /_local shows. It stays in memory and on this machine, and may hold bodies; a log never does. */
export type Observation =
  | {
      readonly kind: 'connected';
      readonly connectionId: string;
      readonly api: string;
      readonly stage: string;
      readonly sourceIp: string;
      readonly userAgent?: string | undefined;
      /** What the authorizer said of it. */
      readonly context: Readonly<Record<string, string>> | undefined;
    }
  | { readonly kind: 'disconnected'; readonly connectionId: string; readonly code: number; readonly reason: string }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly reason: string;
      readonly stage?: string;
      /** What the functions that were asked, if any, knew it as. */
      readonly connectionId?: string | undefined;
    }
  | { readonly kind: 'message-in'; readonly connectionId: string; readonly routeKey: string; readonly body: string }
  | {
      readonly kind: 'message-out';
      readonly connectionId: string;
      /** A reply of a two-way route, a POST to @connections, or an error frame of the gateway's own. */
      readonly by: 'reply' | 'post' | 'gateway';
      readonly body: string;
    }
  | {
      readonly kind: 'invoked';
      readonly function: string;
      readonly requestId: string;
      readonly isCold: boolean;
      /** That its event speaks of, see `connectionIdIn`. */
      readonly connectionId?: string | undefined;
    }
  | {
      readonly kind: 'finished';
      readonly function: string;
      readonly requestId: string;
      readonly durationMs: number;
      /** Of a cold start. */
      readonly initMs?: number;
      readonly maxMemoryMb?: number;
      /** Of one that failed. */
      readonly errorType?: string;
    }
  /** One line that a function wrote. */
  | {
      readonly kind: 'line';
      readonly function: string;
      readonly requestId: string | undefined;
      readonly text: string;
    };

/**
 * The connection that the event of an invocation speaks of. By its text, because a parser would take longer than a warm
 * invocation: inside of a message body the quotes are escaped, and what else a client can put into an event comes before the
 * `requestContext.connectionId` of the gateway.
 */
export function connectionIdIn(payload: string): string | undefined {
  const name = '"connectionId":"';
  const at = payload.lastIndexOf(name);
  const id = payload.slice(at + name.length, payload.indexOf('"', at + name.length));
  return at >= 0 && isGatewayId(id) ? id : undefined;
}

export type Observe = (observation: Observation) => void;
