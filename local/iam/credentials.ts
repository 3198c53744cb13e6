import { randomBytes } from 'node:crypto';

/** As AWS's SDKs take them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of a role's session only. */
  readonly sessionToken?: string;
}

/** Shaped like those that Lambda gives to a function. New at each start, so that none can be guessed. */
export function newSessionCredentials(): Required<Credentials> {
  return { ...newKeys('ASIA'), sessionToken: `IQoJb3JpZ2luX2Vj${randomBytes(48).toString('base64')}` };
}

/** Shaped like those of a user. */
export function newUserCredentials(): Credentials {
  return newKeys('AKIA');
}

function newKeys(prefix: 'ASIA' | 'AKIA'): Credentials {
  return {
    accessKeyId: `${prefix}${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}
