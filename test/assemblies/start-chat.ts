import { type TestTemplate, writeAssembly } from './assembly.ts';
import { chatTemplate } from './chat.ts';
import { type RunningApp, type StartOptions, startAssembly } from './start-assembly.ts';

export type { GatewayEvent } from './start-assembly.ts';
export type Chat = RunningApp;

export interface ChatOptions extends StartOptions {
  change?(template: TestTemplate): void;
}

export async function startChat({ change, ...options }: ChatOptions = {}): Promise<Chat> {
  const template = chatTemplate();
  change?.(template);
  return startAssembly(await writeAssembly(template), options);
}
