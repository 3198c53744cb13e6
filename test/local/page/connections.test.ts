import { expect, it } from 'vitest';
import { hintFor } from '../../../local/inspector/page/connections.ts';

it.each([
  ['$connect failed: AccessDenied', 'API Gateway may not invoke this function.'],
  ['the authorizer failed: AccessDenied', 'API Gateway may not invoke this function.'],
  ['the authorizer failed: Runtime.ExitError', 'The authorizer ended with an error'],
  ['the authorizer said Unauthorized', 'The authorizer threw the error "Unauthorized"'],
  // Not every API has an authorizer.
  ['$connect returned 403', 'The $connect function answered with this status.'],
  ['$connect failed: Runtime.ImportModuleError', 'The $connect function returned no valid response.'],
])('A refusal is explained: %s', (reason, hint) => {
  expect(hintFor(reason)?.startsWith(hint)).toBe(true);
});
