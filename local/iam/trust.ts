import { MalformedPolicy } from './malformed-policy.ts';
import { isObject, type Json, readEffect, readStatements, readTexts } from './policy.ts';
import { matches } from './wildcards.ts';

/** Who may become a role: `lambda.amazonaws.com`. */
export type Trust = (service: string) => boolean;

const elements = ['Sid', 'Effect', 'Action', 'Principal'];

/**
 * A role's AssumeRolePolicyDocument, for services.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
 * @throws MalformedPolicy for what is none, or has conditions: what a service says of itself then is not documented for all
 */
export function readTrust(document: unknown, path: string): Trust {
  const statements = readStatements(document, path).flatMap(([statement, at]) => {
    // Accounts, users and federations are nobody here, whatever is asked of them.
    if (isObject(statement.Principal) && statement.Principal.Service === undefined) return [];
    const unknown = Object.keys(statement).find((name) => !elements.includes(name));
    if (unknown !== undefined) throw new MalformedPolicy(`${at}.${unknown}`, 'is not emulated.');
    const actions = readTexts(statement.Action, `${at}.Action`);
    const isToAssume = actions.some((action) => matches(action.toLowerCase(), 'sts:assumerole'));
    return [{ effect: readEffect(statement, at), isToAssume, services: readServices(statement, `${at}.Principal`) }];
  });
  return (service) => {
    const fitting = statements.filter(({ isToAssume, services }) => isToAssume && services.includes(service));
    return fitting.length > 0 && fitting.every(({ effect }) => effect === 'Allow');
  };
}

function readServices({ Principal }: Json, path: string): readonly string[] {
  if (!isObject(Principal)) throw new MalformedPolicy(path, 'must be an object.');
  return readTexts(Principal.Service, `${path}.Service`);
}
