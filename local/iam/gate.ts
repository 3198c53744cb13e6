import { type AuthenticationOptions, type Caller, createAuthentication } from './authentication.ts';
import { type Denial, manners } from './denial.ts';
import type { Need } from './needs.ts';
import { type Decision, evaluate, ownServices } from './policy.ts';
import type { SignedRequest } from './signature.ts';

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
