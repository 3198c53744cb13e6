import { readProperties, type Stack, type StackResource } from '../template/stack.ts';
import type { LocalFunction } from './function.ts';

export type AsyncTarget = Pick<LocalFunction, 'logicalId' | 'arn' | 'reservedConcurrency' | 'invoke'>;

/** What a function's EventInvokeConfig says, with AWS's defaults. */
export interface AsyncConfiguration {
  readonly retries: number;
  readonly maximumAgeMs: number;
  readonly onSuccess?: AsyncTarget | undefined;
  readonly onFailure?: AsyncTarget | undefined;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html */
export const defaultConfiguration: AsyncConfiguration = { retries: 2, maximumAgeMs: 21_600_000 };

/** @throws naming the logical id and the path of what is not emulated */
export function readAsyncConfigurations(
  stack: Pick<Stack, 'ofType'>,
  functions: { find(nameOrArn: string): AsyncTarget | undefined },
): ReadonlyMap<AsyncTarget, AsyncConfiguration> {
  return new Map(
    stack.ofType('AWS::Lambda::EventInvokeConfig').map(({ logicalId, properties }) => {
      const qualifier = properties.optionalText('Qualifier') ?? '$LATEST';
      if (qualifier !== '$LATEST') {
        throw new Error(`${logicalId}.Qualifier: the qualifier ${qualifier} is not emulated: only $LATEST is.`);
      }
      const target = functions.find(properties.text('FunctionName'));
      if (target === undefined) throw new Error(`${logicalId}: FunctionName is no function of this stack.`);

      const maximumAgeSeconds = properties.optionalNumber('MaximumEventAgeInSeconds');
      return [
        target,
        {
          retries: properties.optionalNumber('MaximumRetryAttempts') ?? defaultConfiguration.retries,
          maximumAgeMs: maximumAgeSeconds === undefined ? defaultConfiguration.maximumAgeMs : maximumAgeSeconds * 1000,
          onSuccess: readDestination({ logicalId, properties }, 'OnSuccess', functions),
          onFailure: readDestination({ logicalId, properties }, 'OnFailure', functions),
        },
      ];
    }),
  );
}

function readDestination(
  { logicalId, properties }: Pick<StackResource, 'logicalId' | 'properties'>,
  when: 'OnSuccess' | 'OnFailure',
  functions: { find(nameOrArn: string): AsyncTarget | undefined },
): AsyncTarget | undefined {
  const path = `${logicalId}.DestinationConfig`;
  const all = readProperties(Object(properties.value('DestinationConfig') ?? {}), path);
  if (all.value(when) === undefined) return undefined;

  const { text } = readProperties(Object(all.value(when)), `${path}.${when}`);
  const arn = text('Destination');
  const found = functions.find(arn);
  if (found !== undefined) return found;
  throw new Error(`${path}.${when}.Destination: ${arn} is not emulated: only functions of this stack are.`);
}
