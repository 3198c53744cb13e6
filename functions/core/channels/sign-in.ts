import { socketIdOf } from '../connections/connection.ts';
import type { ConnectionRegistry } from '../connections/connection-registry.ts';
import { type Ending, errorFrame, type Frame, type Speaker, userOf } from '../frames/frame.ts';
import { isUserId } from '../handshake/identity.ts';
import { fieldsIn, fieldsOf } from '../json.ts';
import type { IsSigned } from '../keys/socket-signature.ts';
import { isRefusal, refuseFrame } from '../refusal.ts';
import { channelOfUser } from './channel.ts';
import type { Join } from './subscribe.ts';

/**
 * Signs a connection in as the user that PHP has signed for it
 * (https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#signin-client-pusher-channels).
 * If PHP has named the user of the session, it must be the same user. After the sign-in, the connection gets the events
 * of the user's own channel without a subscription
 * (https://pusher.com/docs/channels/server_api/server-to-user-messages/).
 */
export function createSignIn(isSigned: IsSigned, registry: Pick<ConnectionRegistry, 'signIn'>, join: Join) {
  return async (speaker: Speaker, { data }: Frame): Promise<Frame | Ending> => {
    const { auth, user_data: userData } = fieldsOf(data);
    if (typeof auth !== 'string' || typeof userData !== 'string') return errorFrame(refuseFrame('bad-sign-in'));
    if (!(await isSigned(auth, `${socketIdOf(speaker.connectionId)}::user::${userData}`))) {
      return errorFrame(refuseFrame('bad-sign-in'));
    }
    const { id: userId, user_info: userInfo } = fieldsIn(userData) ?? {};
    if (!isUserId(userId)) return errorFrame(refuseFrame('bad-sign-in'));
    const sessionUser = userOf(speaker);
    if (sessionUser !== undefined && sessionUser.userId !== userId) return errorFrame(refuseFrame('other-user'));

    const outcome = await registry.signIn(speaker, { userId, userInfo });
    if (outcome === 'other') return errorFrame(refuseFrame('other-user'));
    if (outcome === 'away') return errorFrame(refuseFrame('connection-ended'));
    const joining = await join(speaker, channelOfUser(userId), sessionUser === undefined ? { actsAs: userId } : {});
    if (isRefusal(joining)) return errorFrame(joining);
    return 'ending' in joining ? joining : { event: 'pusher:signin_success', data: { user_data: userData } };
  };
}
