import type { Clock } from '../clock.ts';
import { type Denial, errorFormats } from './denial.ts';
import type { Need } from './needs.ts';
import { type Decision, evaluate, type OwnService, ownServices, type Statement } from './policy.ts';
import {
  type Credentials,
  deriveSigningKey,
  isSignedWith,
  readSignature,
  type Signature,
  type SignedRequest,
} from './signature.ts';

/** The access check before every service: authentication and authorization. */
export interface Gate {
  /** @returns undefined if the call is allowed */
  check(service: string, request: SignedRequest, needs: readonly Need[]): Denial | undefined;
}

export function createGate(options: AuthenticationOptions): Gate {
  const authenticate = createAuthentication(options);
  return {
    check(name, request, needs) {
      const service = ownServices.find((own) => own === name);
      if (service === undefined) throw new Error(`The local cloud has no service ${name}.`);
      const caller = authenticate(service, request);
      if ('errorType' in caller) return caller;

      for (const need of needs) {
        const decision = decide(caller, need);
        caller.onDecision?.(need, decision);
        if (decision === 'allow') continue;
        const message = describeRefusal(caller, need, decision);
        return { status: errorFormats[service].status, errorType: 'AccessDeniedException', message };
      }
      return undefined;
    },
  };
}

function decide({ statements, context }: Caller, need: Need): Decision {
  if (statements === undefined) return 'allow';
  return evaluate(statements, {
    action: need.action,
    resource: need.resource,
    // Lazy, because statements without conditions never read it.
    get context() {
      return { ...context, ...need.context };
    },
  });
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function describeRefusal({ arn }: Caller, { action, resource, shownAs = resource }: Need, decision: Decision): string {
  const reason =
    decision === 'explicit deny'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  return `User: ${arn} is not authorized to perform: ${action} on resource: ${shownAs} ${reason}`;
}

/** A principal with credentials. */
export interface Caller {
  readonly credentials: Credentials;
  /** The ARN in denials. */
  readonly arn: string;
  /** The statements of the caller's policies; undefined for an administrator. */
  readonly statements: readonly Statement[] | undefined;
  /** A second clock that the caller may sign with. Outside tools do not follow the movable clock of the local cloud. */
  readonly now?: () => number;
  /** The condition keys about the caller. */
  readonly context: Readonly<Record<string, string>>;
  /** Called for every decision. */
  readonly onDecision?: (need: Need, decision: Decision) => void;
}

export interface AuthenticationOptions {
  readonly callers: readonly Caller[];
  readonly region: string;
  readonly clock: Pick<Clock, 'now'>;
}

const invalidToken = 'The security token included in the request is invalid.';
// API Gateway and DynamoDB append the expected canonical string. We omit it.
const mismatch =
  'The request signature we calculated does not match the signature you provided. ' +
  'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/**
 * Authenticates the signature of a request. The checks follow DynamoDB's order (recorded in architect/dynalite, index.js).
 * The order of the other services is not documented.
 */
export function createAuthentication({
  callers,
  region,
  clock,
}: AuthenticationOptions): (service: OwnService, request: SignedRequest) => Caller | Denial {
  const byKey = new Map(callers.map((caller) => [caller.credentials.accessKeyId, caller]));
  const signingKeys = createSigningKeys();

  return (service, request) => {
    const { status, missingToken, toleranceMinutes } = errorFormats[service];
    const refuse = (errorType: string, message: string): Denial => ({ status, errorType, message });

    const authorization = textOf(request.headers['authorization']);
    if (!authorization.trim().startsWith('AWS4-')) return refuse('MissingAuthenticationTokenException', missingToken);
    const signature = readSignature(authorization);
    if (typeof signature === 'string') return refuse('IncompleteSignatureException', signature);
    const date = textOf(request.headers['x-amz-date']);
    const dateMs = readDate(date);
    if (Number.isNaN(dateMs)) {
      return refuse('IncompleteSignatureException', "Date must be in ISO-8601 'basic format' in 'X-Amz-Date'.");
    }
    const caller = byKey.get(signature.accessKeyId);
    const clocks = [clock.now(), caller?.now?.() ?? clock.now()];
    const [nowMs = 0] = clocks.sort((one, other) => Math.abs(one - dateMs) - Math.abs(other - dateMs));
    const flaw = describeSkew(date, dateMs, nowMs, toleranceMinutes) ?? describeScope(signature, region, service, date);
    if (flaw !== undefined) return refuse('InvalidSignatureException', flaw);
    if (caller === undefined) return refuse('UnrecognizedClientException', invalidToken);
    if (!isSignedWith(signingKeys(caller.credentials, signature), signature, date, request)) {
      return refuse('InvalidSignatureException', mismatch);
    }
    const token = request.headers['x-amz-security-token'];
    if (token !== caller.credentials.sessionToken) return refuse('UnrecognizedClientException', invalidToken);
    return caller;
  };
}

/** A signing key is valid for one day. Only known callers get here, so the cache stays small. */
function createSigningKeys(): (credentials: Credentials, signature: Signature) => Buffer {
  const keys = new Map<string, Buffer>();
  let day = '';
  return ({ accessKeyId, secretAccessKey }, signature) => {
    if (signature.day !== day) keys.clear();
    day = signature.day;
    const name = `${accessKeyId}/${signature.service}`;
    const known = keys.get(name);
    if (known !== undefined) return known;
    const derived = deriveSigningKey(secretAccessKey, signature);
    keys.set(name, derived);
    return derived;
  };
}

function describeSkew(date: string, dateMs: number, nowMs: number, minutes: number): string | undefined {
  const toleranceMs = minutes * 60_000;
  const now = writeDate(nowMs);
  if (dateMs < nowMs - toleranceMs) {
    const limit = writeDate(nowMs - toleranceMs);
    return `Signature expired: ${date} is now earlier than ${limit} (${now} - ${minutes} min.)`;
  }
  if (dateMs > nowMs + toleranceMs) {
    const limit = writeDate(nowMs + toleranceMs);
    return `Signature not yet current: ${date} is still later than ${limit} (${now} + ${minutes} min.)`;
  }
  return undefined;
}

function describeScope(signature: Signature, region: string, service: string, date: string): string | undefined {
  if (!signature.signedHeaders.includes('host')) return "'Host' must be a 'SignedHeader' in the AWS Authorization.";
  const flaws = [
    signature.region !== region && `Credential should be scoped to a valid region, not '${signature.region}'.`,
    signature.service !== service && `Credential should be scoped to correct service: '${service}'.`,
    signature.terminator !== 'aws4_request' &&
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${signature.terminator}'.`,
    signature.day !== date.slice(0, 8) &&
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${signature.day}' != '${date.slice(0, 8)}', from '${date}'.`,
  ].filter((flaw) => flaw !== false);
  return flaws.length === 0 ? undefined : flaws.join(' ');
}

/** `20261123T164500Z` */
function writeDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function readDate(date: string): number {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (found === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = found.map(Number);
  return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
