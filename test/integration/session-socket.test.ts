import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TestAssembly, writeAssembly } from '../assemblies/assembly.ts';
import { chatTemplate } from '../assemblies/chat.ts';
import { connectRaw } from '../assemblies/raw-client.ts';
import { connect } from '../socket-client.ts';

const project = join(import.meta.dirname, '..', '..');
const running = new Set<ChildProcess>();
let elsewhere: string;
let assembly: TestAssembly;

beforeAll(async () => {
  // A folder whose tsconfig.json would break everything, were it read.
  elsewhere = await mkdtemp(join(tmpdir(), 'session-socket-elsewhere-'));
  await writeFile(join(elsewhere, 'tsconfig.json'), '{"compilerOptions": {"paths": {"ws": ["./ws.js"]}}}');
  await writeFile(join(elsewhere, 'ws.js'), 'throw new Error("not this one");');
  assembly = await writeAssembly(chatTemplate());
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});
afterAll(async () => {
  await rm(elsewhere, { recursive: true });
  await assembly.remove();
});

describe('session-socket local', () => {
  it('runs an assembly from another folder, and prints all addresses', async () => {
    const cloud = await start(['--assembly', assembly.folder, '--port', '0']);
    const { printed, socketUrl, child } = cloud;
    expect(printed()).toMatch(/Tables +Table +Chat-Table/);
    expect(printed()).toMatch(/Authorizer +nodejs24\.x on AWS, Node \d+\.\d+\.\d+ here/);
    expect(printed()).toMatch(/Inspect +http:\/\/127\.0\.0\.1:\d+\/_local/);
    expect(printed()).toMatch(/DynamoDB +http:\/\/127\.0\.0\.1:\d+ +dynalite 4/);
    expect(printed()).toMatch(/WebSocketUrl +ws:/);
    expect(printed()).toMatch(/^ {2}\d+ behaviours of AWS are not documented; .*--unknowns lists them/m);

    const client = await connect(`${socketUrl}?token=allow`);
    client.send('hi');
    expect(JSON.parse(await client.next())).toMatchObject({ echo: 'hi' });
    // The log has no colours, because it is not read at a terminal.
    await until(child, () => /^\d\d:\d\d:\d\d {2}handshake +101 connected$/m.test(printed()), printed);
    expect(await interrupt(child)).toBe(0);
    await expect(connect(socketUrl)).rejects.toThrow('ECONNREFUSED');
  });

  it('is quiet or coloured on request', async () => {
    const quiet = await start(['--assembly', assembly.folder, '--port', '0', '--quiet']);
    await connect(`${quiet.socketUrl}?token=allow`);
    await interrupt(quiet.child);
    expect(quiet.printed()).not.toContain('handshake');

    const coloured = await start(['--assembly', assembly.folder, '--port', '0'], { FORCE_COLOR: '1' });
    await connect(`${coloured.socketUrl}?token=allow`);
    await until(coloured.child, () => coloured.printed().includes('\u001b[32m101 connected'), coloured.printed);
  });

  it('runs a function’s new code while it is running, and says so', async () => {
    const own = await writeAssembly(chatTemplate());
    const { child, printed, socketUrl } = await start(['--assembly', own.folder, '--port', '0']);
    const client = await connect(`${socketUrl}?token=allow`);
    client.send('one');
    expect(JSON.parse(await client.next())).toMatchObject({ echo: 'one' });
    const code = "exports.handler = async () => ({ statusCode: 200, body: 'new' });";
    await writeFile(join(own.folder, 'asset.message', 'index.js'), code);
    await until(child, () => /Message +runs its new code/.test(printed()), printed);
    client.send('two');
    expect(await client.next()).toBe('new');
    await interrupt(child);
    await own.remove();
  });

  it('injects the configured faults, and prints the seed that repeats them', async () => {
    const { printed } = await start(['--assembly', assembly.folder, '--port', '0', '--fault', 'kill:Message@50%']);
    expect(printed()).toMatch(/Injected faults: kill:Message@50% \(--seed \d+ repeats them\)/);
    const seeded = await start(['--assembly', assembly.folder, '--port', '0', '--fault', 'cut@1%', '--seed', '7']);
    expect(seeded.printed()).toContain('(--seed 7 repeats them)');
  });

  it('ends at once at a second Ctrl-C', async () => {
    const { child, socketUrl } = await start(['--assembly', assembly.folder, '--port', '0']);
    // It never answers the close frame, and the local cloud would wait half a second for that.
    const client = await connectRaw(`${socketUrl}?token=allow`);
    await client.until('101 Switching Protocols');
    const closed = once(child, 'close');
    child.kill('SIGINT');
    await client.until('\u0088\u0002');
    child.kill('SIGINT');
    expect((await closed)[0]).toBe(130);
    client.socket.destroy();
  });

  it('ends with its parent process', async () => {
    const command = `${process.execPath} ${join(project, 'bin', 'session-socket.mjs')} local --assembly ${assembly.folder} --port 0`;
    const shell = spawn('sh', ['-c', `${command}; exit 0`], { cwd: elsewhere, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(shell);
    const printed = collect(shell);
    await until(shell, () => printed().includes('Ctrl-C stops everything'), printed);
    const allGone = once(shell, 'close');
    shell.kill('SIGKILL');
    // Only when the last that holds its output has ended.
    await allGone;
  });
});

describe('session-socket', () => {
  it.each([
    [['--help'], 0, /^session-socket COMMAND[\s\S]*\n {2}local +run /],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['local', '--help'], 0, /--assembly FOLDER[\s\S]*delay:SERVICE:TIME/],
    [['local', '--unknowns'], 0, /a URL above 4,096 characters[\s\S]*here: 414[\s\S]*see https:/],
    [[], 2, /^\nsession-socket: No command given\.[\s\S]* local /],
    [['nurse'], 2, /^\nsession-socket: Unknown command "nurse"\.[\s\S]* local /],
    [['doctor'], 2, /^\nsession-socket: Pass exactly one URL: session-socket doctor https:/],
    [['local', '--fault', 'fail:s3'], 2, /^\nsession-socket: --fault fail:s3: unknown service "s3"\. Use /],
    [
      ['local'],
      1,
      /^\nsession-socket: There is no synthesized CDK app in .*cdk\.out\. Run `npx cdk synth` first\.\n\n$/,
    ],
  ])('%s exits with %d and a sentence', async (args, expected, words) => {
    const child = session(args);
    const printed = collect(child);
    const [code] = await once(child, 'close');
    expect(printed()).toMatch(words);
    expect(printed()).not.toMatch(/^ +at /m);
    expect(code).toBe(expected);
  });

  it('reports a taken port, and lists stacks and functions after an unknown name', async () => {
    const squatter: Server = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const port = String((squatter.address() as { port: number }).port);
    const fails = async (...args: string[]) => {
      const child = session(['local', '--assembly', assembly.folder, '--port', '0', ...args]);
      const printed = collect(child);
      const [code] = await once(child, 'close');
      expect(code).toBe(1);
      return printed().trim();
    };
    expect(await fails('--port', port)).toBe(
      `session-socket: Port ${port} is in use by another program. Stop that program, or choose another port with --port.`,
    );
    squatter.close();
    expect(await fails('--stack', 'Shop')).toMatch(/There is no stack Shop in .*\. Use Chat\.$/);
    expect(await fails('--fault', 'kill:Tick')).toBe(
      'session-socket: There is no function Tick: Authorizer, Connect, Message, Disconnect, Worker.',
    );
  });
});

interface RunningCloud {
  readonly child: ChildProcess;
  readonly socketUrl: string;
  printed(): string;
}

function session(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const child = spawn(join(project, 'bin', 'session-socket.mjs'), args, {
    cwd: elsewhere,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  return child;
}

function start(args: readonly string[], environment?: Record<string, string>): Promise<RunningCloud> {
  return ready(session(['local', ...args], environment));
}

async function ready(child: ChildProcess): Promise<RunningCloud> {
  running.add(child);
  const printed = collect(child);
  await until(child, () => printed().includes('Ctrl-C stops everything'), printed);
  return { child, printed, socketUrl: /APIs +\S+ +(\S+)/.exec(printed())?.[1] ?? '' };
}

async function interrupt(child: ChildProcess): Promise<unknown> {
  const closed = once(child, 'close');
  child.kill('SIGINT');
  const [code] = await closed;
  running.delete(child);
  return code;
}

function collect(child: ChildProcess): () => string {
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      child.emit('printed');
    });
  }
  return () => printed;
}

async function until(child: ChildProcess, isDone: () => boolean, printed: () => string): Promise<void> {
  const ended = once(child, 'close').then(() => {
    if (!isDone()) throw new Error(`It ended too early: ${printed()}`);
  });
  while (!isDone()) await Promise.race([once(child, 'printed'), ended]);
  ended.catch(() => {});
}
