import type { Member } from '../connections/member.ts';
import type { Broadcaster } from '../delivery/broadcaster.ts';
import { encodeFrame } from '../frames/frame.ts';
import type { Members } from './members.ts';
import { memberAddedFrame, memberRemovedFrame } from './presence.ts';

/** Who came to a presence channel, or, where `member` is undefined, left it, and through which connection. */
export interface Change {
  readonly channel: string;
  readonly userId: string;
  readonly member?: Member | undefined;
  readonly connectionId: string;
}

export type Announce = (change: Change) => Promise<void>;

/** For one who comes and goes all the time; whoever changes last announces it too. */
const maxTries = 5;

/**
 * Tells the others of a channel who came or left. Two frames have no order between them: where one tab of a user leaves while another
 * comes, the older news may arrive last. So whoever told looks again, and when it is not true any more tells what is.
 */
export function createAnnounce(members: Pick<Members, 'find'>, broadcast: Broadcaster): Announce {
  return async ({ channel, userId, member, connectionId }) => {
    // The connection that has brought the user back meanwhile announces that; the others have heard of no absence.
    if (member === undefined && (await members.find(channel, userId)) !== undefined) return;
    let said = member;
    for (let tries = 1; tries <= maxTries; tries += 1) {
      const frame = said === undefined ? memberRemovedFrame(channel, userId) : memberAddedFrame(channel, said);
      await broadcast({ channel, frame: encodeFrame(frame), except: connectionId });
      const found = await members.find(channel, userId);
      if ((found === undefined) === (said === undefined)) return;
      said = found;
    }
  };
}
