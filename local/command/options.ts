import { resolve } from 'node:path';
import type { LocalCloudOptions } from '../index.ts';
import { readChoice, readOptions, readPort, UsageError } from './arguments.ts';
import { faultHelp, parseFault } from './fault-option.ts';

export interface AssemblyOptions extends Omit<LocalCloudOptions, 'log'> {
  readonly port: number;
  readonly quiet: boolean;
  readonly permissions: boolean;
  /** As typed, for the banner. */
  readonly faultsAsTyped: readonly string[];
}

/** @param program the command as typed */
export const assemblyUsage = (
  program: string,
): string => `Runs a synthesized CDK app with a WebSocket API on this machine.

  ${program} [options]

  --assembly FOLDER  what \`cdk synth\` wrote         (default cdk.out)
  --stack NAME       the stack to run, if there are several
  --port N           port of the WebSocket API      (default 4000; 0 takes any free one)
  --region NAME      AWS region                     (default that of the stack, AWS_REGION, or us-east-1)
  --dynamodb WHICH   dynalite or strict             (strict is AWS's DynamoDB Local and needs Java)
  --throttles        apply the throttles of the stages
  --fault FAULT      inject a fault; may be repeated
  --seed N           repeat the faults of the run with this seed
  --no-watch         do not restart functions when their code changes
  --quiet            print only the addresses, no log
  --permissions      at the end, list the permissions that each function used and never used
  --unknowns         list undocumented AWS behaviours, and how the local cloud handles them
  --help             this text

Faults:

${faultHelp}
`;

/** @throws {UsageError} */
export function readAssemblyOptions(args: readonly string[]): AssemblyOptions | 'help' | 'unknowns' {
  const values = readOptions(args, {
    assembly: { type: 'string', default: 'cdk.out' },
    stack: { type: 'string' },
    port: { type: 'string', default: '4000' },
    region: { type: 'string' },
    dynamodb: { type: 'string', default: 'dynalite' },
    throttles: { type: 'boolean', default: false },
    fault: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string' },
    watch: { type: 'boolean', default: true },
    quiet: { type: 'boolean', default: false },
    permissions: { type: 'boolean', default: false },
    unknowns: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  });
  if (values.help) return 'help';
  if (values.unknowns) return 'unknowns';
  const { throttles, watch, quiet, permissions } = values;
  return {
    assembly: resolve(values.assembly),
    port: readPort('--port', values.port),
    dynamodb: readChoice('--dynamodb', ['dynalite', 'strict'], values.dynamodb),
    faults: values.fault.map(parseFault),
    faultsAsTyped: values.fault,
    throttles,
    watch,
    quiet,
    permissions,
    ...(values.stack === undefined ? {} : { stack: values.stack }),
    ...(values.region === undefined ? {} : { region: readRegion(values.region) }),
    ...(values.seed === undefined ? {} : { seed: readSeed(values.seed) }),
  };
}

function readRegion(text: string): string {
  if (/^[a-z]{2,}(-[a-z0-9]+)+$/.test(text)) return text;
  throw new UsageError(`--region must be an AWS region such as us-east-1, not "${text}".`);
}

function readSeed(text: string): number {
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  // The generator uses 32 bits, so larger seeds would repeat smaller ones.
  if (!(seed < 2 ** 32)) throw new UsageError(`--seed must be a whole number below ${2 ** 32}, not "${text}".`);
  return seed;
}
