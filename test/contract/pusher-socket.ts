import type { Client } from '../socket-client.ts';

/** A socket whose frames are read as Pusher's. */
export interface PusherSocket {
  frames(): readonly Frame[];
  send(text: string): void;
  /** The first frame with this event, received or future. */
  frame(event: string): Promise<Frame>;
  close(code?: number, reason?: string): Promise<void>;
}

export interface Frame {
  readonly event: string;
  readonly data?: unknown;
}

export function speakPusher(client: Client): PusherSocket {
  return {
    frames: () => client.frames.map(parse),
    send: client.send,
    frame: async (event) => parse(await client.find((text) => parse(text).event === event)),
    close: client.close,
  };
}

function parse(text: string): Frame {
  return JSON.parse(text) as Frame;
}
