import { matches, matchesArn } from './conditions.ts';
import type { Need } from './needs.ts';
import { type Decision, matchesEmulatedService, type Statement } from './policy.ts';

export interface PermissionUse {
  readonly action: string;
  readonly resource: string;
}

/** A function's use of its permissions since the start. */
export interface FunctionPermissions {
  /** The logical id. */
  readonly function: string;
  /** Of its role. */
  readonly role: string;
  readonly used: readonly PermissionUse[];
  /** Requested and denied. */
  readonly denied: readonly PermissionUse[];
  /** Granted but never used, in the policy's spelling. */
  readonly unused: readonly PermissionUse[];
  /** Granted for services that are not emulated, such as logs, so their use is unknown. */
  readonly unseen: readonly PermissionUse[];
}

/** Records the calls of one function. */
export interface Usage {
  record(need: Need, decision: Decision): void;
  report(): FunctionPermissions;
}

const maxRecorded = 1000;

interface Grant extends PermissionUse {
  isUsed: boolean;
}

/** @param functionId the logical id */
export function createUsage(functionId: string, role: string, statements: readonly Statement[]): Usage {
  const used = new Map<string, PermissionUse>();
  const denied = new Map<string, PermissionUse>();
  // A Not… element grants too much to list, and cannot be removed by name.
  const listed = statements.filter(
    ({ effect, actions, resources }) => effect === 'Allow' && !actions.areExcluded && !resources.areExcluded,
  );
  const grants = (isOurs: boolean): Grant[] =>
    listed.flatMap(({ actions, writtenActions, resources }) =>
      actions.patterns.flatMap((pattern, index) => {
        if (matchesEmulatedService({ patterns: [pattern], areExcluded: false }) !== isOurs) return [];
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
      // Limited, so that a function that invents names cannot fill the memory.
      if (!seen.has(key) && seen.size < maxRecorded) seen.set(key, { action, resource: place });
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

/** One entry for all sockets, instead of one per socket. */
function withoutConnection(resource: string): string {
  return resource.replace(/(\/@connections\/).+$/, '$1{connectionId}');
}

function inOrder(uses: Iterable<PermissionUse>): readonly PermissionUse[] {
  return [...uses]
    .map(({ action, resource }) => ({ action, resource }))
    .sort((one, other) => (`${one.action} ${one.resource}` < `${other.action} ${other.resource}` ? -1 : 1));
}

/** Text for a terminal: the used, denied and unused permissions of each function. */
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
  return [name, ...(lines.length === 0 ? ['  no permissions'] : lines)].join('\n');
}

/** Omits the common prefix of the stack's ARNs. */
function describe({ action, resource }: PermissionUse): string {
  return `${action} on ${resource.replace(/^arn:aws:[^:*]+:[^:*]*:[^:*]*:/, '')}`;
}
