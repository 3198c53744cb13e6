import { randomInt, randomUUID } from 'node:crypto';
import { parseJson, type ServiceAnswer, serviceError } from '../http/input.ts';
import type { SecretRequest } from '../iam/needs.ts';
import type { Value } from '../template/resolve.ts';
import { type Properties, readProperties, type Stack, type StackResource } from '../template/stack.ts';

export interface Secret {
  readonly logicalId: string;
  readonly arn: string;
  readonly name: string;
  readonly value: string;
  readonly versionId: string;
  readonly createdAtMs: number;
}

export type Secrets = readonly Secret[];

/** Each start creates new values, like each deployment of a new stack. */
export function createSecrets(stack: Stack): Secrets {
  return stack.ofType('AWS::SecretsManager::Secret').map((resource) => ({
    logicalId: resource.logicalId,
    arn: resource.ref,
    // The ARN ends in the name, a hyphen and six characters.
    name: resource.ref.split(':').slice(6).join(':').slice(0, -7),
    value: secretValue(resource),
    versionId: randomUUID(),
    createdAtMs: Date.now(),
  }));
}

/** Finds a secret by ARN or name. */
export function findSecret(secrets: Secrets, id: string | undefined): Secret | undefined {
  return secrets.find(({ arn, name }) => arn === id || name === id);
}

/** @returns undefined if the body names no secret */
export function readSecretRequest(body: string): SecretRequest | undefined {
  const { SecretId, VersionStage, VersionId } = Object(parseJson(body)) as Record<string, unknown>;
  if (typeof SecretId !== 'string') return undefined;
  const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return { secretId: SecretId, versionStage: textOf(VersionStage), versionId: textOf(VersionId) };
}

/** JSON 1.1: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
export function answerSecretsManager(
  secrets: Secrets,
  target: string,
  request: SecretRequest | undefined,
): ServiceAnswer {
  const operation = target.slice('secretsmanager.'.length);
  if (operation !== 'GetSecretValue') {
    return serviceError(400, 'UnknownOperationException', `The local cloud does not know ${operation}.`);
  }
  if (request === undefined) return serviceError(400, 'InvalidParameterException', 'You must provide a SecretId.');
  const { secretId, versionStage = 'AWSCURRENT', versionId } = request;
  const secret = findSecret(secrets, secretId);
  const isThere = versionStage === 'AWSCURRENT' && (versionId ?? secret?.versionId) === secret?.versionId;
  if (secret === undefined || !isThere) {
    return serviceError(400, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  return {
    status: 200,
    headers: { 'Content-Type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({
      ARN: secret.arn,
      CreatedDate: secret.createdAtMs / 1000,
      Name: secret.name,
      SecretString: secret.value,
      VersionId: secret.versionId,
      VersionStages: ['AWSCURRENT'],
    }),
  };
}

function secretValue({ logicalId, properties }: StackResource): string {
  const given = properties.optionalText('SecretString');
  const generate = properties.value('GenerateSecretString') as Record<string, Value> | undefined;
  if (given !== undefined && generate !== undefined) {
    throw new Error(`${logicalId}: use either SecretString or GenerateSecretString, not both.`);
  }
  if (given !== undefined) return given;

  const path = `${logicalId}.GenerateSecretString`;
  const options = readProperties(generate ?? {}, path);
  const password = generatePassword(options, path);
  const key = options.optionalText('GenerateStringKey');
  const template = options.optionalText('SecretStringTemplate');
  if ((key === undefined) !== (template === undefined)) {
    throw new Error(`${path}: SecretStringTemplate and GenerateStringKey must be used together.`);
  }
  if (key === undefined || template === undefined) return password;
  return JSON.stringify({ ...(JSON.parse(template) as object), [key]: password });
}

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
const alphabets = {
  ExcludeLowercase: 'abcdefghijklmnopqrstuvwxyz',
  ExcludeUppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ExcludeNumbers: '0123456789',
  ExcludePunctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
};

export function generatePassword(options: Properties, path: string): string {
  const excluded = options.optionalText('ExcludeCharacters') ?? '';
  const included = Object.entries(alphabets).filter(([exclusion]) => options.optionalFlag(exclusion) !== true);
  const kinds = included.map(([, letters]) => [...letters].filter((letter) => !excluded.includes(letter)));
  if (options.optionalFlag('IncludeSpace') === true) kinds.push([' ']);
  const usable = kinds.filter((letters) => letters.length > 0);
  const length = options.optionalNumber('PasswordLength') ?? 32;
  const needed = options.optionalFlag('RequireEachIncludedType') === false ? [] : usable;
  if (usable.length === 0 || length < needed.length) throw new Error(`${path}: no password can satisfy these options.`);

  const password = needed.map(pick);
  while (password.length < length) password.push(pick(usable.flat()));
  // Shuffles, because the required characters are still at the start.
  for (let index = password.length - 1; index > 0; index -= 1) {
    const other = randomInt(index + 1);
    [password[index], password[other]] = [password[other] ?? '', password[index] ?? ''];
  }
  return password.join('');
}

function pick(letters: readonly string[]): string {
  return letters[randomInt(letters.length)] ?? '';
}
