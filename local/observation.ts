import { isGatewayId } from './gateway/events.ts';

/** The events for the page at /_local. They stay in memory on this machine. Unlike the log, they may contain bodies. */
export type Observation =
  | {
      readonly kind: 'connected';
      readonly connectionId: string;
      readonly api: string;
      readonly stage: string;
      readonly sourceIp: string;
      readonly userAgent?: string | undefined;
      /** The authorizer's context. */
      readonly context: Readonly<Record<string, string>> | undefined;
    }
  | { readonly kind: 'disconnected'; readonly connectionId: string; readonly code: number; readonly reason: string }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly reason: string;
      readonly stage?: string;
      /** The id in the events of the invoked functions, if any. */
      readonly connectionId?: string | undefined;
    }
  | { readonly kind: 'message-in'; readonly connectionId: string; readonly routeKey: string; readonly body: string }
  | {
      readonly kind: 'message-out';
      readonly connectionId: string;
      /** A reply of a two-way route, a POST to @connections, or an error frame of the gateway. */
      readonly by: 'reply' | 'post' | 'gateway';
      readonly body: string;
    }
  | {
      readonly kind: 'invoked';
      readonly function: string;
      readonly requestId: string;
      readonly isCold: boolean;
      /** The connection in the event, see `connectionIdIn`. */
      readonly connectionId?: string | undefined;
    }
  | {
      readonly kind: 'finished';
      readonly function: string;
      readonly requestId: string;
      readonly durationMs: number;
      /** Only for a cold start. */
      readonly initMs?: number;
      readonly maxMemoryMb?: number;
      /** Only for a failed invocation. */
      readonly errorType?: string;
    }
  /** One line of a function's log. */
  | {
      readonly kind: 'line';
      readonly function: string;
      readonly requestId: string | undefined;
      readonly text: string;
    };

/**
 * Finds the connection id in an invocation's event. Searches the text, because parsing would take longer than a warm
 * invocation. A client cannot fake the id: quotes in a message body are escaped, and all other client input precedes
 * `requestContext.connectionId`.
 */
export function connectionIdIn(payload: string): string | undefined {
  const name = '"connectionId":"';
  const at = payload.lastIndexOf(name);
  const id = payload.slice(at + name.length, payload.indexOf('"', at + name.length));
  return at >= 0 && isGatewayId(id) ? id : undefined;
}

export type Observe = (observation: Observation) => void;
