import { it } from 'vitest';
import { type Chat, type ChatOptions, startChat } from '../assemblies/start-chat.ts';

export const webSocketUrlVariable = 'CONFORMANCE_WEBSOCKET_URL';

/**
 * A stage that runs the chat app of test/assemblies. By default it is on this machine. If you have deployed the app:
 * CONFORMANCE_WEBSOCKET_URL=wss://… npm run conformance
 */
const deployedUrl = process.env[webSocketUrlVariable];

export interface Target {
  readonly webSocketUrl: string;
  /** The app behind the gateway; only tests of `itHere` may use it. */
  readonly chat: Chat;
  close(): Promise<void>;
}

export async function startTarget(options: ChatOptions = {}): Promise<Target> {
  if (deployedUrl === undefined) {
    const chat = await startChat(options);
    return { webSocketUrl: chat.cloud.webSocketUrl, chat, close: chat.close };
  }
  return {
    webSocketUrl: deployedUrl,
    get chat(): Chat {
      throw new Error('A deployed stage cannot be looked into.');
    },
    close: async () => undefined,
  };
}

/** For tests that read the log, move the clock or change the template. */
export const itHere = deployedUrl === undefined ? it : it.skip;
