import type { Need } from './needs.ts';
import { type Decision, isAboutUs, type Statement } from './policy.ts';
import { matches, matchesArn } from './wildcards.ts';

export interface PermissionUse {
  readonly action: string;
  readonly resource: string;
}

/** What a function did with its permissions since the start. */
export interface FunctionPermissions {
  /** The logical id. */
  readonly function: string;
  /** Of its role. */
  readonly role: string;
  readonly used: readonly PermissionUse[];
  /** Asked for and refused. */
  readonly denied: readonly PermissionUse[];
  /** Granted, as the policy writes it, and never used. */
  readonly unused: readonly PermissionUse[];
  /** Granted for services that are not called on this machine, such as the logs: nothing is known of their use. */
  readonly unseen: readonly PermissionUse[];
}

/** Keeps what one function did. */
export interface Usage {
  record(need: Need, decision: Decision): void;
  report(): FunctionPermissions;
}

const maxSeen = 1000;

interface Grant extends PermissionUse {
  isUsed: boolean;
}

/** @param functionId the logical id */
export function createUsage(functionId: string, role: string, statements: readonly Statement[]): Usage {
  const used = new Map<string, PermissionUse>();
  const denied = new Map<string, PermissionUse>();
  // A Not… form grants more than can be listed; it is no permission that could be taken away by name.
  const listed = statements.filter(
    ({ effect, actions, resources }) => effect === 'Allow' && !actions.areExcluded && !resources.areExcluded,
  );
  const grants = (isOurs: boolean): Grant[] =>
    listed.flatMap(({ actions, writtenActions, resources }) =>
      actions.patterns.flatMap((pattern, index) => {
        if (isAboutUs({ patterns: [pattern], areExcluded: false }) !== isOurs) return [];
        const action = writtenActions[index] ?? pattern;
        return resources.patterns.map((resource) => ({ action, resource, isUsed: false }));
      }),
    );
  const ours = grants(true);
  const unseen = grants(false);

  return {
    record({ action, resource }, decision) {
      const seen = decision === 'allow' ? used : denied;
      const place = withoutConnection(resource);
      const key = `${action} ${place}`;
      // Names that a function makes up must not fill the memory.
      if (!seen.has(key) && seen.size < maxSeen) seen.set(key, { action, resource: place });
      if (decision !== 'allow') return;
      for (const grant of ours) {
        if (grant.isUsed) continue;
        grant.isUsed =
          matches(grant.action.toLowerCase(), action.toLowerCase()) && matchesArn(grant.resource, resource);
      }
    },
    report: () => ({
      function: functionId,
      role,
      used: inOrder(used.values()),
      denied: inOrder(denied.values()),
      unused: inOrder(ours.filter(({ isUsed }) => !isUsed)),
      unseen: inOrder(unseen),
    }),
  };
}

/** One permission for all sockets, and not a list that grows with them. */
function withoutConnection(resource: string): string {
  return resource.replace(/(\/@connections\/).+$/, '$1{connectionId}');
}

function inOrder(uses: Iterable<PermissionUse>): readonly PermissionUse[] {
  return [...uses]
    .map(({ action, resource }) => ({ action, resource }))
    .sort((one, other) => (`${one.action} ${one.resource}` < `${other.action} ${other.resource}` ? -1 : 1));
}

/** For a terminal: function by function, what was used, what was refused and what could be taken away. */
export function describePermissions(all: readonly FunctionPermissions[]): string {
  return all.map(describeFunction).join('\n\n');
}

function describeFunction({ function: name, used, denied, unused, unseen }: FunctionPermissions): string {
  const lines = [
    ...used.map((use) => `  used      ${describe(use)}`),
    ...denied.map((use) => `  DENIED    ${describe(use)}`),
    ...unused.map((use) => `  not used  ${describe(use)}`),
  ];
  const actions = new Set(unseen.map(({ action }) => action));
  if (actions.size > 0) lines.push(`  not seen  ${[...actions].join(', ')}`);
  return [name, ...(lines.length === 0 ? ['  may do nothing'] : lines)].join('\n');
}

/** Without what all ARNs of the stack have in common. */
function describe({ action, resource }: PermissionUse): string {
  return `${action} on ${resource.replace(/^arn:aws:[^:*]+:[^:*]*:[^:*]*:/, '')}`;
}
