import { type AuthenticationOptions, type Caller, createAuthentication } from './authentication.ts';
import { manners } from './denial.ts';
import { type Decision, evaluate } from './evaluate.ts';
import { ownServices } from './policy.ts';

/** An AWS request as it arrived, with what its signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** A permission that a call takes. https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html */
export interface Need {
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** An ARN, or `*` for an action that is about no resource. */
  readonly resource: string;
  /** How a denial names the resource. @default as it is */
  readonly shownAs?: string;
  /** Condition keys that the service knows, such as `dynamodb:LeadingKeys`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Why a call is refused, before each service says it in its own form. */
export interface Denial {
  readonly status: 400 | 403;
  /** Such as `AccessDeniedException`. */
  readonly errorType: string;
  readonly message: string;
}

/** What stands before every service: who signed the request, and may he do that? */
export interface Gate {
  /** @returns undefined when the call may go on */
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
        return { status: manners[service].status, errorType: 'AccessDeniedException', message };
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
    // A statement without conditions never looks at it.
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
