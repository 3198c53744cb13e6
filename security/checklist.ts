/**
 * The rules that keep sockets for logged-in users only, line by line. `npm run security` runs the tests that are
 * named here and prints the lines with their results; SECURITY.md has the same as a table.
 */
export interface Line {
  readonly number: string;
  readonly statement: string;
  readonly tests: readonly NamedTest[];
  /** An exception, or why no test shows it. */
  readonly reason?: string;
}

export interface NamedTest {
  readonly file: string;
  /** As the source has it; the words of a `describe` may stand before it: `a logout › closes …`. */
  readonly title: string;
}

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

function by(file: string, ...titles: readonly string[]): readonly NamedTest[] {
  return titles.map((title) => ({ file: `test/${file}.test.ts`, title }));
}

export const sections: readonly Section[] = [
  {
    title: 'The handshake',
    lines: [
      {
        number: 'S01',
        statement: 'Connections to browsers and PHP use TLS only, except on loopback',
        tests: [
          ...by('lib/session-socket', 'use TLS only'),
          ...by('core/handshake/session-endpoint', 'the session endpoint may not be %s, because it %s'),
          ...by('integration/php-moods', 'over TLS, PHP › without TLS gets no request'),
        ],
      },
      {
        number: 'S02',
        statement: 'Origin is compared exactly with a list: scheme, host and port; any other gets 403',
        tests: [
          ...by(
            'core/handshake/origin',
            'the Origin of a handshake › is allowed if it is listed: %s',
            'the Origin of a handshake › is rejected: %s',
          ),
          ...by('integration/sockets', 'comes from the Origin %s with a valid token: 403'),
        ],
      },
      {
        number: 'S03',
        statement: 'No prefix, suffix, other scheme, other port, other case or `null` passes as a listed Origin',
        tests: by(
          'core/handshake/origin',
          'the Origin of a handshake › is rejected: %s',
          'does not match a wildcard in the list',
        ),
      },
      {
        number: 'S04',
        statement:
          'A handshake without an Origin is rejected; an option allows such programs, but never in mode `cookie`',
        tests: [
          ...by('core/handshake/origin', 'is required unless the policy allows clients without one'),
          ...by('edge/environment', 'never allow clients without an Origin in mode cookie'),
          ...by('integration/sockets', 'has no Origin: 403'),
        ],
      },
      {
        number: 'S05',
        statement: 'An empty list is an error before the deployment, and allows nobody',
        tests: [
          ...by('lib/settle-props', 'rejects, with one plain sentence, › %s'),
          ...by('core/handshake/origin', 'is always rejected with an empty list'),
        ],
      },
      {
        number: 'S06',
        statement: 'Pages of other sites get no ticket',
        tests: [
          ...by(
            'integration/php-tickets',
            'says 403 when Sec-Fetch-Site is %s',
            'compares Origin %s with Host %s: %i',
            'removes the headers with which the app allows other sites elsewhere',
          ),
          ...by(
            'integration/php-tickets-odd',
            'gives nothing to a page of any other origin, and no ticket to any other cookie',
          ),
        ],
        reason:
          'By GET and without a CSRF token: the answer changes nothing, another site cannot read it, and PHP checks Sec-Fetch-Site and Origin.',
      },
      {
        number: 'S07',
        statement: 'The answer to a ticket in the sub-protocol names our sub-protocol, never the ticket',
        tests: [
          ...by(
            'functions/connect',
            'answers a page that sent its ticket as a sub-protocol with our sub-protocol, never with the ticket',
          ),
          ...by(
            'integration/modes',
            'open a socket with our sub-protocol in the answer, never the ticket, and without asking PHP',
          ),
        ],
      },
      {
        number: 'S08',
        statement: 'API Gateway answers a client without a credential with 401, and no Lambda runs',
        tests: [
          ...by(
            'lib/session-socket',
            'answer a client without a token with 401, without a Lambda',
            'with %j, answer a client without anything in %s with 401',
          ),
          ...by('integration/sockets', 'has no token: 401'),
          ...by('integration/strangers', 'a client without any token starts no Lambda, however often'),
        ],
      },
    ],
  },
  {
    title: 'From the session to the socket',
    lines: [
      {
        number: 'S10',
        statement: 'A well-formed invented id is rejected, and does not become a session',
        tests: [
          ...by('integration/sockets', 'has a well-formed id that PHP never issued: 403'),
          ...by('integration/php-tickets', 'gets no file for any of 50 invented ids'),
          ...by(
            'integration/php-moods',
            'an invented id is rejected when PHP makes a new one for it, as it does in strict mode',
          ),
        ],
        reason:
          'Exception: in mode `session-id`, with strict mode off and a route that never checks the login, such an id is accepted, without a user.',
      },
      {
        number: 'S11',
        statement: 'After a logout the old id, cookie and tickets open nothing',
        tests: [
          ...by('integration/modes', 'open nothing after a logout'),
          ...by('integration/modes', 'open nothing for a stranger, after a logout, or from another page or none'),
          ...by('integration/sockets', 'has the token of a user who has just logged out: 403'),
          ...by(
            'e2e/main-job',
            'A person with a browser › logs out, and neither the old token nor a stranger gets a socket any more',
          ),
        ],
        reason:
          'With `sessionCheck=trust-ticket`, tickets stay valid for their 30 s after a logout that PHP does not report to the gateway.',
      },
      {
        number: 'S12',
        statement: 'An id from before the login is rejected once PHP has rotated it',
        tests: [
          ...by('integration/sessions', 'from before the login, which rotated it'),
          ...by('integration/php-demo', 'always begins a new session, and ends the one before it'),
        ],
        reason:
          'The app decides if and when it rotates the id, and how long the old one stays valid: every handshake asks it.',
      },
      {
        number: 'S13',
        statement: 'A session without a logged-in user is rejected',
        tests: [
          ...by('integration/sessions', 'of a visitor who is not logged in'),
          ...by('integration/snippets', 'gives no token to a visitor who is not logged in, with or without a session'),
        ],
        reason:
          'There is no option for visitors: PHP decides. An app that answers `[]` instead of null allows them, each under the hash of the session.',
      },
      {
        number: 'S14',
        statement: 'An app that accepts invented ids is found before the first deployment',
        tests: [
          ...by('doctor/checks', 'reports a kept invented id, if a cookie shows it'),
          ...by('integration/doctor', 'reports %s, and nothing else'),
        ],
        reason: 'By `npx session-socket doctor`, with an exit code for CI; a deployment itself does not ask PHP.',
      },
      {
        number: 'S15',
        statement: 'The shape of an id is checked before it goes anywhere: `A-Z a-z 0-9 , -`, 22 to 250 of them',
        tests: [
          ...by('core/handshake/question', 'the form of a session id › refuses %s', 'refuses %s instead of one string'),
          ...by('integration/php-moods', 'a handshake with %s never reaches PHP'),
          ...by('integration/sockets', 'has %s as its token: 403'),
        ],
      },
      {
        number: 'S16',
        statement: 'Ids are compared in constant time; only an HMAC of an id is stored, and no part of it is logged',
        tests: [
          ...by('security/constant-time', 'is compared in constant time, never with ==='),
          ...by('core/handshake/session', 'distinguishes equal and different ids of any length'),
          ...by('core/keys/credentials', "the hash of a session id equals PHP's"),
          ...by('integration/modes', 'leave neither session id, cookie nor ticket in a log or a table'),
          ...by('integration/sockets', 'has written no token, cookie or secret into any log'),
          ...by('integration/logout', 'leaves no session, hash, secret or signature in any log'),
        ],
      },
      {
        number: 'S17',
        statement: 'With tickets or cookies no script can read the session id',
        tests: [
          ...by('e2e/main-job', 'A person with a browser › leaves no session id in a URL, log, table or script'),
          ...by(
            'integration/php-demo-tickets',
            'gives the page a ticket with the cookie, the user and no readable session id',
          ),
        ],
        reason:
          'The modes `session-id` and `status` give the id to the page: that is their price for needing no library in PHP.',
      },
      {
        number: 'S18',
        statement: 'A ticket is sealed, lives for 30 s, belongs to one app and one session, and opens one socket',
        tests: [
          ...by(
            'core/handshake/ticket',
            'any flipped bit of the text',
            'a ticket of another app or gateway is rejected: › %s',
            'the time of a ticket › %i s after sealing: %s',
          ),
          ...by(
            'functions/connect',
            'rejects a used ticket, writes nothing and starts nothing',
            'accepts one of several simultaneous handshakes with the same ticket',
          ),
          ...by('integration/modes', 'open one socket when one ticket is used many times at once'),
        ],
        reason: 'A ticket is not bound to an Origin, but the handshake’s own Origin must be on the list.',
      },
      {
        number: 'S19',
        statement: 'Our logs leave out the handshake’s query string; tickets can stay out of URLs completely',
        tests: [
          ...by(
            'lib/session-socket',
            'has no query string, no header and nothing of the authorizer’s context',
            'writes no execution log, which would contain tokens and frames',
          ),
          ...by('functions/authorizer-modes', 'may come as a sub-protocol instead of in the URL'),
        ],
        reason:
          'By default the token is in the query, because that works with every client; `tokenFrom=subprotocol` moves it.',
      },
      {
        number: 'S20',
        statement: 'PHP is asked at one fixed URL: verified certificate, no redirects, JSON, 64 KB, one deadline',
        tests: [
          ...by(
            'integration/php-moods',
            'with an unsigned certificate gets no request',
            'with another host’s certificate gets no request',
            'with %i is never followed, wherever it leads',
          ),
          ...by('core/handshake/session-answer', 'with the content type "%s" means %s'),
          ...by(
            'edge/http',
            'closes the connection for an endless body, wanted or not',
            'limits both attempts together',
          ),
          ...by(
            'lib/session-socket',
            'has a timeout above PHP’s and the secret’s together, so that it can log what happened',
          ),
        ],
      },
      {
        number: 'S21',
        statement: 'Only a clear yes from PHP connects a client, and a clear no is not confused with a fault',
        tests: [
          ...by('integration/php-moods', `on %s, PHP › \${says}: \${outcome}`),
          ...by('lib/session-socket', 'has an alarm on its errors, which are failed session checks and nothing else'),
        ],
      },
      {
        number: 'S22',
        statement: 'PHP can verify the gateway by its signature, for 300 s',
        tests: [
          ...by(
            'integration/php-moods',
            'has a signature that PHP can verify: of the path with its query, the time and the exact cookie',
          ),
          ...by(
            'integration/php-tickets',
            'answers a signature that is %s (%i s) with %i',
            'answers a signature that was made with %s with 421, and logs one line on how to fix it',
          ),
          ...by(
            'integration/php-tickets-odd',
            'never accepts a header that was changed in any byte, cut or lengthened',
          ),
        ],
      },
      {
        number: 'S23',
        statement: 'PHP gets only the session’s cookie, or the cookies that are named',
        tests: [
          ...by('core/handshake/question', 'are never forwarded if they are not listed, for any header'),
          ...by('integration/php-tickets', 'seals the session cookie alone, exactly as the browser sent it'),
          ...by(
            'integration/php-real-sites',
            'are sealed by their names, byte for byte and in the order of the browser',
          ),
          ...by('integration/modes', 'open a socket without any token, and PHP gets the listed ones'),
        ],
      },
      {
        number: 'S24',
        statement: 'No cache keeps PHP’s answers, and only listed origins may read them',
        tests: [
          ...by(
            'integration/php-real-sites',
            'gets a ticket if the app lists it: %s',
            'gets nothing if the app does not list it: %s',
          ),
          ...by('integration/sessions', 'forbids caching, and reading by other sites, in both of its answers'),
          ...by('integration/php-tickets', 'removes the headers with which the app allows other sites elsewhere'),
          ...by('integration/php-demo', 'gives the same id to the page and to the gateway, never to a cache'),
        ],
      },
      {
        number: 'S25',
        statement: 'A session check neither locks, writes nor prolongs the session',
        tests: [
          ...by(
            'integration/php-tickets',
            'is unchanged after a request of a page or the gateway: same content, same age',
          ),
          ...by(
            'integration/php-tickets-odd',
            'holds no lock while the app looks up the user, and overwrites no other request’s session data',
          ),
          ...by('integration/php-demo', 'prolongs the session by visits, not by the gateway’s checks'),
        ],
      },
      {
        number: 'S26',
        statement: 'A session that another tab keeps locked is “try again”, not “logged out”',
        tests: [
          ...by(
            'integration/sessions',
            'while another tab holds it is “try again” and not “logged out”, and lets in afterwards',
          ),
          ...by('php/socket-script', 'keeps trying while PHP fails or does not answer'),
        ],
      },
      {
        number: 'S27',
        statement: 'An end that the app names holds, even if PHP has not yet collected the session',
        tests: [
          ...by('integration/php-tickets-settings', 'takes %j for nobody'),
          ...by('functions/authorizer-modes', 'rejects the handshake when the session has ended'),
          ...by('integration/doctor', 'finds no problem in a healthy app'),
        ],
        reason: 'The app names it as `expiresAt`. `gc_maxlifetime` is not an end, and the doctor says so.',
      },
    ],
  },
  {
    title: 'While the socket is open',
    lines: [
      {
        number: 'S30',
        statement: 'A logout that PHP reports closes all sockets of the session, in all tabs',
        tests: [
          ...by('integration/logout', 'closes exactly the sockets of its session, in all tabs, after error 4009'),
          ...by(
            'core/sessions/revoke',
            'closes the others despite one bad socket, and retries that one until it closes',
            'every socket of a session, whichever user it has, if PHP names %s',
          ),
          ...by(
            'integration/acting-as-a-user',
            'are closed by its logout whichever user they belong to, when PHP names %s',
          ),
        ],
        reason:
          'The time that this takes is a benchmark, not a test: `logout/closed-p99` in docs/benchmarks.md, below a second.',
      },
      {
        number: 'S31',
        statement: '“Log out everywhere” closes all sockets that act as the user, however they became the user',
        tests: [
          ...by(
            'integration/acting-as-a-user',
            'and %s is closed when the user is logged out, and no other',
            'is closed, and may reconnect, when it signs in with a signature from before the user’s logout',
          ),
          ...by(
            'core/channels/acting-as-a-user',
            'is refused with a signature from before the logout, however late',
            'is closed or refused if the logout comes $when, and gets no further events',
          ),
          ...by('functions/authorizer-modes', '%s counts as authorized so much before its time'),
          ...by('core/sessions/adopt', 'a connection of 0.1.0 is closed if %s was logged out before it had owners'),
          ...by(
            'integration/logout',
            'everywhere, by Pusher’s route, closes every socket of the user, and fails with another signature',
            'everywhere rejects an older ticket, and accepts one of the next second',
          ),
        ],
      },
      {
        number: 'S32',
        statement: 'A session that expires without a logout is found, and its sockets are closed',
        tests: [
          ...by(
            'core/sessions/revalidate',
            'a session that has ended › %s: all its sockets get the reason and close, and no others',
          ),
          ...by(
            'integration/session-life',
            'is closed when PHP has lost the session, or returns another user for it, and stays open while PHP knows it',
            'is kept open while PHP does not answer, which is logged once',
          ),
        ],
        reason:
          'Every ten minutes by default in mode `ticket`. In other modes only on request, because a plain `session_start()` would let each check keep the session alive.',
      },
      {
        number: 'S33',
        statement: 'No socket outlives the end that PHP named, nor two hours',
        tests: [
          ...by(
            'core/sessions/revalidate',
            'closes at the end that PHP named, and its client may reconnect',
            "while PHP is down for ten minutes, with 500 sockets › none is closed before its session's end, and none is open after it",
          ),
          ...by(
            'integration/registry',
            'is listed until the last second of its session, although its socket may stay open',
          ),
          ...by(
            'core/sessions/session-ends',
            'each socket closes at the end of its session with a code that lets its client reconnect',
            'the others close at the end of their session if one row cannot be read, which is counted',
          ),
          ...by(
            'core/sessions/session-ends',
            'a function closes sockets one to eleven seconds after every end that is soon',
          ),
          ...by(
            'integration/session-life',
            'is closed within seconds of its end, even if it opened less than a minute before',
            'can neither join nor send after its end, although it is open',
          ),
          ...by('conformance/limits', '#52 #N16 after two hours it is closed with 1001 however busy it was'),
        ],
        reason:
          'From that end on it can neither join nor send, and it is closed within 15 s; until then it still receives events. The two hours are API Gateway’s.',
      },
      {
        number: 'S34',
        statement: 'An open tab is no activity: neither pings nor checks keep a session alive',
        tests: [
          ...by(
            'integration/php-tickets',
            'is unchanged after a request of a page or the gateway: same content, same age',
          ),
          ...by('integration/php-demo', 'prolongs the session by visits, not by the gateway’s checks'),
        ],
        reason: 'So the app’s own idle timeout works: the next check finds the session expired. Pings never reach PHP.',
      },
      {
        number: 'S35',
        statement: 'A reconnect is checked like a first connection: no socket is ever resumed',
        tests: [
          ...by('php/socket-script', 'reconnects with a fresh token'),
          ...by(
            'integration/sockets',
            'asks PHP once per handshake, and not at all for a malformed token or without one',
          ),
          ...by('integration/logout', 'affects one session: the user’s next login gets a socket at once'),
        ],
      },
      {
        number: 'S36',
        statement: 'After a rotation PHP can move the sockets to the new id, and the old id opens nothing',
        tests: [
          ...by(
            'core/sessions/rebind',
            'keeps its sockets open with the same principal, and changes no other session’s',
            'finds the revocation of the old id, which is written before the connections are read',
            'a rebind changes nothing › with a ticket that was already used',
          ),
          ...by(
            'integration/php-close',
            'works in a login as the documentation shows it, after the session has its new id',
          ),
        ],
        reason:
          'Sockets of a session without a user are closed instead, and reconnect: their principal is the id itself.',
      },
      {
        number: 'S37',
        statement: 'Between a logout and the close of a socket, nothing is delivered to the socket',
        tests: [
          ...by(
            'core/sessions/revoke',
            'the revocation is written before the connections are read',
            'every row is marked before the first socket gets the reason',
          ),
          ...by('integration/registry', 'gets no broadcast, is not held and cannot be welcomed'),
          ...by('functions/connect', 'a logout while the socket opens › $when, of $name, rejects the handshake'),
          ...by('core/channels/subscribe', 'leaves nothing that gets events if the connection is revoked before %s.%s'),
          ...by('integration/channels', 'drop a user who was logged out: as a subscriber and as a member'),
        ],
      },
      {
        number: 'S38',
        statement: 'An expired row gets nothing, even if DynamoDB has not yet deleted it',
        tests: by('integration/registry', 'is listed until its last second'),
      },
    ],
  },
  {
    title: 'Messages',
    lines: [
      {
        number: 'S40',
        statement: 'Each action has its own check: a connected client is not automatically allowed',
        tests: [
          ...by(
            'core/channels/subscribe',
            'the channel %s › is not joined by other clients, and leaves no rows',
            'a presence channel › is not joined without a user, even if a pattern matches',
            'the channel of a user › is joined only by the user that PHP has named, or that has signed in',
            'a sign-in › that is signed for another socket or for a channel is rejected',
          ),
          ...by('integration/channels', 'are joined by users who may, and by nobody else'),
        ],
        reason: 'A channel without a prefix is public for every connected client, as with Pusher.',
      },
      {
        number: 'S41',
        statement: 'Clients publish only where they are subscribed, and only PHP publishes on public channels',
        tests: by(
          'core/channels/client-event',
          'a client event is rejected › on a channel that is neither private nor presence: %s',
          'a client event is rejected › on a channel that its client has not joined: %s',
          'a client event is rejected › on a channel that its client has left',
        ),
      },
      {
        number: 'S42',
        statement: 'Every frame is parsed into a known form or rejected, with one reply, and nothing crashes',
        tests: [
          ...by('core/frames/frame', 'is rejected if it is %s', 'is always read or rejected, and never throws'),
          ...by('functions/message', 'never throws, and every reply is a frame with an event that is a string'),
        ],
      },
      {
        number: 'S43',
        statement: 'Frames over 32 KB close the socket; event data over 10 KB is rejected',
        tests: [
          ...by('conformance/limits', '#47 #N10 a frame of 33 KB closes with 1009'),
          ...by('core/http-api/publish', 'with 413 and Pusher’s words for data of more than 10 KB, in bytes'),
        ],
        reason: 'API Gateway itself closes for such frames, with 1009, before any of our functions runs.',
      },
      {
        number: 'S44',
        statement:
          'A connection or user that sends too much is rejected, however many Lambdas run, and closed if it continues',
        tests: [
          ...by(
            'functions/message',
            'too many frames › are rejected with 4301 until the minute is over, and have no effect',
            'too many frames › close the socket when they go on: first it is told why',
            'too many frames › of all sockets of a user together are rejected on each socket',
          ),
          ...by(
            'core/channels/client-event',
            'a client event is rejected › above a quarter more than ten in one second',
            'a client event is rejected › above a quarter more than the user’s limit in one minute, over all connections',
            'a client event is rejected › above the limit without a read, and in the same tenth of a second without a write',
          ),
          ...by(
            'core/connections/meter',
            'a rate meter › allows less than 1.5 times the limit with 8 environments, and two steps more with each further one',
            'a rate meter › fails if the counters fail, so that no frame is uncounted',
            'a rate meter with a step of 1 › allows at most 1.5 times the limit in any second, for all environments and orders',
          ),
          ...by('integration/limits', 'has at most 13 of 60 events delivered in any second at a limit of 10'),
        ],
        reason:
          'Up to a quarter more than a limit may pass, so that a client at the limit is never rejected; [docs/limits.md](docs/limits.md) has all limits and the cost of a user who reaches them.',
      },
      {
        number: 'S45',
        statement:
          'The connections of a user and the channels of a connection are limited, and on request the concurrent session checks',
        tests: [
          ...by(
            'functions/connect',
            'rejects one more connection, and removes its row',
            'the handshakes of a user who opens too many connections in a minute › are rejected before anything is read or written, with a reason that says to back off',
            'the handshakes of a user who opens too many connections in a minute › do not count if their ticket was already used',
          ),
          ...by(
            'core/channels/subscribe',
            'a public channel › is rejected above the maximum number of channels of one connection',
          ),
          ...by(
            'integration/limits',
            'never gets more, even with many simultaneous handshakes',
            'a client that connects during another check gets 500 without a request to PHP, and connects later',
          ),
        ],
        reason:
          'New connections are not counted by address: that is for a firewall (S54), and the stage has a throttle.',
      },
      {
        number: 'S46',
        statement: 'The sender comes from the handshake, never from a frame',
        tests: [
          ...by(
            'edge/socket-event',
            'never comes from data that the client sent',
            'comes from the context of every later event',
          ),
          ...by(
            'core/channels/client-event',
            'a client event › has the sender’s real user id on a presence channel, whatever the frame claims',
          ),
          ...by('core/channels/subscribe', 'takes the member from PHP’s identity if a pattern matches'),
        ],
      },
      {
        number: 'S47',
        statement: 'Prototype keys, deep nesting, huge numbers and broken text do no harm',
        tests: [
          ...by('core/frames/frame', 'is read safely with %s'),
          ...by('integration/sockets', 'gets an error for %s, and keeps the socket'),
        ],
      },
      {
        number: 'S48',
        statement:
          'Joins and leaves of presence channels cause a limited number of posts, and repeated joins cause none',
        tests: [
          ...by(
            'integration/presence-churn',
            'leaves and joins are limited: 103 posts with a limit of 4 joins a minute',
            'ten repeated subscriptions cause ten replies, and no other post',
          ),
          ...by(
            'core/channels/subscribe',
            'a presence channel that is joined again › gets the list as the reply with one read, and nothing is posted',
            'above the limit of joins › a presence channel is not joined, without a read or write, and other channels are',
          ),
        ],
      },
    ],
  },
  {
    title: 'The HTTP API, and AWS',
    lines: [
      {
        number: 'S50',
        statement:
          'The HTTP API accepts signed requests only, for ±600 s; every function has exactly the permissions that it uses',
        tests: [
          ...by(
            'core/http-api/request-signature',
            'a request is rejected with 401 › without %s',
            'for %s than the signed one',
            'within ten minutes, in both directions',
          ),
          ...by('functions/http-api-terminate', 'rejects, without any effect, › %s'),
          ...by(
            'functions/http-api',
            'with an Idempotency-Key › an event is published once, and each retry gets the same answer',
          ),
          ...by('lib/permissions', 'grants %s exactly these permissions'),
        ],
        reason:
          'There is no nonce, as with Pusher: a copy is accepted within the ten minutes. An `Idempotency-Key` is for your own retries.',
      },
      {
        number: 'S51',
        statement: 'The secret is in Secrets Manager only, and can be changed without rejecting a client',
        tests: [
          ...by(
            'lib/session-socket',
            'has no secret in its environment, only the ARN of the secret',
            'appear nowhere else: no part of the template reads the value',
          ),
          ...by('integration/tickets', 'changing the secret, without a deployment and without rejected users › of %s'),
        ],
      },
      {
        number: 'S52',
        statement: 'Logs say who connected, left or was rejected, and why, and contain nothing secret',
        tests: [
          ...by('integration/sockets', 'logs connected and disconnected, with code and reason, in one line each'),
          ...by('functions/authorizer', 'has nothing that the client sent for any other refusal'),
          ...by('integration/publish', 'no log has published data, its receivers, a secret or a signature'),
          ...by('lib/session-socket', 'is one line of JSON, below API Gateway’s limit of 3 KB'),
          ...by(
            'php/sensitive-parameters',
            'every parameter that is or holds a secret is marked for traces, on a line of its own',
          ),
          ...by('integration/php-never-throws', 'nothing secret is in a trace from inside, whatever the settings'),
        ],
        reason:
          'Lines have the connection id and the principal; the address is in the access log. Repeated rejections of a stranger have the reason alone (S55).',
      },
      {
        number: 'S53',
        statement: 'Both stages have throttles, and faults set off an alarm',
        tests: by(
          'lib/session-socket',
          'the stage › allows 2000 requests a second, and bursts of 1000',
          'has an alarm on its errors, which are failed session checks and nothing else',
          'has an alarm that goes off when one logout leaves sockets open',
        ),
        reason:
          'Rejected handshakes are counted as `HandshakeRefused`, without an alarm: only you know how many are normal.',
      },
      {
        number: 'S54',
        statement: 'A web application firewall can protect the gateway',
        tests: [],
        reason: 'Not offered: it takes CloudFront or another front of your own, and then `disableExecuteApiEndpoint`.',
      },
      {
        number: 'S55',
        statement: 'A flood of rejected handshakes or requests does not fill the log, and hides no attack in it',
        tests: [
          ...by(
            'integration/strangers',
            'a flood of one kind logs one full line in a minute and environment, and counts exactly',
          ),
          ...by(
            'functions/authorizer',
            'a flood of refusals for one reason › is logged as one line a minute, and its metric stays exact',
            'a flood of refusals for one reason › is summed up in the log at the first invocation after the minute',
            'a flood of refusals for one reason › does not hide a refusal for another reason',
            'a flood of refusals for one reason › is logged in full when the origin is foreign',
          ),
          ...by('functions/authorizer-modes', 'is always logged in full when it was forged or changed'),
          ...by('functions/connect', 'logs every replay in full'),
          ...by(
            'functions/http-api',
            'is logged as one line a minute for each sentence, and its metric stays exact',
            'does not hide a bad signature, which is always logged in full: %s',
          ),
        ],
        reason:
          'Foreign origins and forged tickets are logged in full each time: docs/strangers.md has the price. Each rejection still has its metric and Lambda’s own lines.',
      },
      {
        number: 'S56',
        statement: 'A flood of the HTTP API does not block logouts, and no page contains its URL',
        tests: [
          ...by(
            'integration/http-throttle',
            'a logout still closes its sockets',
            'a stranger’s requests count too, and do not block a logout',
            'each route that closes sockets has a separate throttle, which a stranger with the URL can use up',
            'is in no page and no header for a browser',
          ),
          ...by(
            'lib/session-socket',
            'gives each route that closes sockets a separate throttle, so that a flood of events does not block a logout',
          ),
        ],
        reason:
          'A client that knows the URL can still use up the throttle of a closing route: API Gateway counts before any signature is checked.',
      },
      {
        number: 'S57',
        statement: 'Throttled calls, and failures before any function runs, set off an alarm',
        tests: by(
          'lib/alarms',
          'the throttles of each function',
          'the throttled reads and writes of each table and of each of its indexes',
          'the 5xx of the HTTP API, and the errors of the WebSocket API, at their stages',
          'late session checks, as the log of this stack has them, and only where sessions are checked',
          'only throttles of all that a client without a login can cause',
          'is on when any of the others is, and includes all of them',
        ),
        reason: 'Checked in the template. Nobody has verified on AWS that it counts as documented.',
      },
    ],
  },
  {
    title: 'The PHP side',
    lines: [
      {
        number: 'S60',
        statement: 'Strict mode, HttpOnly, Secure and SameSite of the session cookie are checked',
        tests: [
          ...by('doctor/checks', 'reports a cookie with %s: %s'),
          ...by(
            'integration/php-demo',
            'gives a session cookie that scripts and other sites cannot use, and leads to the private page',
          ),
        ],
        reason:
          'By the doctor, if an answer shows them. For settings that are not visible from outside (`use_trans_sid`), it tells you to look.',
      },
      {
        number: 'S61',
        statement: 'SameSite alone protects nobody: a page on a sibling host has the cookie, and still gets no socket',
        tests: by(
          'e2e/cookie-mode',
          'A page and a socket that share %s › rejects a sibling host, whose page has the cookie and another Origin',
        ),
      },
      {
        number: 'S62',
        statement: 'The documentation and the doctor name the risk of a cookie for the whole domain',
        tests: by('doctor/checks', 'reports a cookie with %s: %s'),
        reason:
          'In docs/modes.md, and by the doctor; a `__Host-` cookie works with tickets, or if one host serves page and socket.',
      },
      {
        number: 'S63',
        statement: 'The id is rotated at the login',
        tests: by(
          'integration/php-demo',
          'always begins a new session, and ends the one before it',
          'does not adopt a planted session id',
        ),
        reason: 'By the demo. In your app this is your task, and the doctor reminds you.',
      },
      {
        number: 'S64',
        statement: 'The sockets of a user can be closed together, without a list of sessions',
        tests: [
          ...by('integration/php-close', 'closes a user with Pusher’s own route'),
          ...by(
            'integration/close-anybody',
            'close_user() of the PHP file › closes the sockets of %j, and nobody else’s',
          ),
        ],
        reason: 'PHP lists and ends the sessions themselves.',
      },
      {
        number: 'S65',
        statement: 'The documentation says how API Gateway treats compression',
        tests: by('conformance/handshake', '#8 an offer of permessage-deflate is accepted'),
        reason:
          'It was seen to accept compression, so a frame should not mix a secret with text that a stranger chose (BREACH). Our frames do not.',
      },
    ],
  },
];
