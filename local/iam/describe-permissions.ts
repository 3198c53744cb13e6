import type { FunctionPermissions, PermissionUse } from './usage.ts';

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
