import { it } from 'vitest';
import { type Chat, type ChatOptions, startChat } from '../assemblies/start-chat.ts';

export const webSocketUrlVariable = 'CONFORMANCE_WEBSOCKET_URL';

/**
 * A stage that runs the chat app of test/assemblies: on this machine or, for whoever has deployed that app,
 * CONFORMANCE_WEBSOCKET_URL=wss://… npm run conformance
 */
const deployedUrl = process.env[webSocketUrlVariable];

export interface Target {
  readonly webSocketUrl: string;
  /** What is behind the gateway; only tests of `itHere` may look at it. */
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

/** For tests that look into the log, move the clock or change the template. */
export const itHere = deployedUrl === undefined ? it : it.skip;
