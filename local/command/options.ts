import { resolve } from 'node:path';
import type { LocalCloudOptions } from '../index.ts';
import { readChoice, readOptions, readPort, UsageError } from './arguments.ts';
import { faultHelp, parseFault } from './fault-option.ts';

export interface AssemblyOptions extends Omit<LocalCloudOptions, 'log'> {
  readonly port: number;
  readonly quiet: boolean;
  readonly permissions: boolean;
  /** As they were typed, for the banner. */
  readonly faultsAsTyped: readonly string[];
}

/** @param program how the command was called */
export const assemblyUsage = (
  program: string,
): string => `Runs a synthesized CDK app with a WebSocket API on this machine.

  ${program} [options]

  --assembly FOLDER  what \`cdk synth\` wrote         (default cdk.out)
  --stack NAME       which stack, when there are several
  --port N           port of the WebSocket API      (default 4000; 0 takes any free one)
  --region NAME      AWS region                     (default that of the stack, AWS_REGION, or us-east-1)
  --dynamodb WHICH   dynalite or strict             (strict is DynamoDB Local of AWS, and takes Java)
  --throttles        keep the throttles of the stages
  --fault FAULT      make something go wrong, may be given several times
  --seed N           let the faults strike as they did with this seed
  --no-watch         do not restart functions when their code changes
  --quiet            print no log, only where everything is
  --permissions      at the end, say which permissions each function used and which it never did
  --unknowns         list what is not known about AWS, and what was chosen
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
  // The generator has 32 bits: larger ones would repeat others.
  if (!(seed < 2 ** 32)) throw new UsageError(`--seed must be a whole number below ${2 ** 32}, not "${text}".`);
  return seed;
}
