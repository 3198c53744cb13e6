import { Duration } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { describeUnsetOptions, readContext, readStackName, refuseUnknownOptions } from '../../bin/context.ts';
import { BadProps } from '../../lib/index.ts';
import { settleProps } from '../../lib/settle-props.ts';

const least = { sessionEndpoint: 'https://app.example.com/id', allowedOrigins: 'https://app.example.com' };

/** What `-c name=value` leaves in the context. */
const lookup = (context: Readonly<Record<string, unknown>>) => (name: string) => context[name];
const read = (context: Readonly<Record<string, unknown>>) => readContext(lookup({ ...least, ...context }));

describe('the options of cdk deploy', () => {
  it('leave everything at its default that they do not name', () => {
    expect(read({})).toEqual({
      sessionEndpoint: 'https://app.example.com/id',
      allowedOrigins: ['https://app.example.com'],
    });
  });

  it('take several origins with commas between, and blanks around them', () => {
    const { allowedOrigins } = read({ allowedOrigins: 'https://a.example.com, https://b.example.com ,' });
    expect(allowedOrigins).toEqual(['https://a.example.com', 'https://b.example.com']);
    const withApp = read({ allowedOrigins: 'https://app.example.com,capacitor://localhost' });
    expect(withApp.allowedOrigins).toEqual(['https://app.example.com', 'capacitor://localhost']);
    expect(() => settleProps(withApp)).not.toThrow();
  });

  it('take several origins as a list, which is how cdk.json says it', () => {
    const { allowedOrigins } = read({ allowedOrigins: ['https://a.example.com', 'https://b.example.com'] });
    expect(allowedOrigins).toEqual(['https://a.example.com', 'https://b.example.com']);
    const withApp = read({ allowedOrigins: 'https://app.example.com,capacitor://localhost' });
    expect(withApp.allowedOrigins).toEqual(['https://app.example.com', 'capacitor://localhost']);
    expect(() => settleProps(withApp)).not.toThrow();
  });

  it.each(['hello', 'allowMissingOrigin', 'cloudWatchRole'])(
    'switch %s on and off, as text or as a boolean',
    (name) => {
      for (const [said, meant] of [
        ['true', true],
        [true, true],
        ['false', false],
        [false, false],
      ]) {
        expect(read({ [name as string]: said })).toMatchObject({ [name as string]: meant });
      }
    },
  );

  it('take a timeout in milliseconds', () => {
    expect(read({ sessionTimeoutMs: '1500' }).sessionTimeout).toEqual(Duration.millis(1500));
    expect(read({ sessionTimeoutMs: 1500 }).sessionTimeout).toEqual(Duration.millis(1500));
  });

  it('take how often PHP is asked again, in minutes, or false for never', () => {
    expect(read({ revalidate: '5' }).revalidate).toEqual(Duration.minutes(5));
    expect(read({ revalidate: 5 }).revalidate).toEqual(Duration.minutes(5));
    expect(read({ revalidate: 'false' }).revalidate).toBe(false);
    expect(read({ revalidate: false }).revalidate).toBe(false);
  });

  it('take the quota of the account, for each second and at once', () => {
    const accountRequestQuota = { rateLimit: 50_000, burstLimit: 25_000 };
    expect(read({ accountRequestQuota: '50000,25000' })).toMatchObject({ accountRequestQuota });
  });

  it('take throttles in the same way', () => {
    const [throttle, httpThrottle] = [
      { rateLimit: 100, burstLimit: 50 },
      { rateLimit: 20, burstLimit: 10 },
    ];
    expect(read({ throttle: '100,50', httpThrottle: '20,10' })).toMatchObject({ throttle, httpThrottle });
  });

  it('take the level of Lambda’s own lines', () => {
    expect(read({ systemLogLevel: 'WARN' })).toMatchObject({ systemLogLevel: 'WARN' });
  });

  it('take the topic that alarms tell', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-central-1:123456789012:night';
    expect(read({ alarmTopicArn })).toMatchObject({ alarmTopicArn });
  });

  it('take a mode and the name of the cookie', () => {
    expect(read({ mode: 'status', cookieName: 'SID' })).toMatchObject({ mode: 'status', cookieName: 'SID' });
  });

  it('take the way in, and cookies with commas between or as a list', () => {
    const options = { mode: 'cookie', tokenFrom: 'cookie', sessionCheck: 'always' };
    expect(read({ ...options, cookies: 'SID, wordpress_logged_in_*' })).toMatchObject({
      ...options,
      cookies: ['SID', 'wordpress_logged_in_*'],
    });
    expect(read({ cookies: ['SID'] })).toMatchObject({ cookies: ['SID'] });
  });

  it("take Pusher's names for the app, which cdk.json may have as a number", () => {
    expect(read({ appId: '895326053837', key: 'shop' })).toMatchObject({ appId: '895326053837', key: 'shop' });
    expect(read({ appId: 895326053837 })).toMatchObject({ appId: '895326053837' });
  });

  it('take limits', () => {
    const limits = { maxConnectionsPerUser: 5, maxConcurrentSessionChecks: 3 };
    expect(read({ maxConnectionsPerUser: '5', maxConcurrentSessionChecks: 3 })).toMatchObject(limits);
    const traffic = {
      maxFramesPerMinute: 60,
      maxFramesPerMinutePerUser: 120,
      maxClientEventsPerSecond: 2,
      maxClientEventsPerMinutePerUser: 30,
      maxChannelsPerConnection: 7,
      maxPresenceJoinsPerMinute: 8,
      maxPresenceJoinsPerMinutePerUser: 9,
      maxHandshakesPerMinutePerUser: 10,
    };
    expect(read({ ...traffic, maxFramesPerMinute: '60' })).toMatchObject(traffic);
    expect(read({ atMaxConnections: 'oldest-out' })).toMatchObject({ atMaxConnections: 'oldest-out' });
  });

  it('name the stack, so that a second one can stand beside it', () => {
    expect(readStackName(lookup({}))).toBe('SessionSocket');
    expect(readStackName(lookup({ stackName: 'Staging' }))).toBe('Staging');
  });

  it.each([
    [
      { sessionEndpoint: undefined },
      'The option sessionEndpoint is missing: -c sessionEndpoint=https://app.example.com/getSessionID',
    ],
    [
      { allowedOrigins: undefined },
      'The option allowedOrigins is missing: -c allowedOrigins=https://app.example.com (separate several with commas)',
    ],
    [{ hello: 'yes' }, 'hello must be true or false, not "yes".'],
    [{ hello: '' }, 'hello must be true or false, not "".'],
    [{ cloudWatchRole: 'no' }, 'cloudWatchRole must be true or false, not "no".'],
    [{ allowMissingOrigin: 'TRUE' }, 'allowMissingOrigin must be true or false, not "TRUE".'],
    [{ sessionTimeoutMs: '2.5s' }, 'sessionTimeoutMs must be a whole number of milliseconds, not "2.5s".'],
    [{ revalidate: 'true' }, 'revalidate must be false or a whole number of minutes, not "true".'],
    [{ revalidate: '10m' }, 'revalidate must be false or a whole number of minutes, not "10m".'],
    [{ sessionTimeoutMs: '-1' }, 'sessionTimeoutMs must be a whole number of milliseconds, not "-1".'],
    [{ sessionTimeoutMs: '' }, 'sessionTimeoutMs must be a whole number of milliseconds, not "".'],
    [
      { accountRequestQuota: '50000' },
      'accountRequestQuota must be two whole numbers, rate per second and burst, such as 10000,5000, not "50000".',
    ],
    [
      { alarmTopicArn: 'night' },
      'alarmTopicArn must be an SNS topic ARN, such as arn:aws:sns:eu-central-1:123456789012:night, not "night".',
    ],
    [
      { throttle: '100' },
      'throttle must be two whole numbers, rate per second and burst, such as 10000,5000, not "100".',
    ],
    [{ maxConnectionsPerUser: 'many' }, 'maxConnectionsPerUser must be a whole number, not "many".'],
    [{ maxConcurrentSessionChecks: '-1' }, 'maxConcurrentSessionChecks must be a whole number, not "-1".'],
  ])('are refused with one plain sentence: %j', (context, sentence) => {
    expect(() => read(context)).toThrow(new BadProps(sentence));
  });

  it('are refused when there is none of that name, but for what CDK itself puts into the context', () => {
    refuseUnknownOptions(['mode', 'throttle', '@aws-cdk/core:target-partitions', 'aws:cdk:bundling-stacks']);
    expect(() => refuseUnknownOptions(['mode', 'maxConnectionPerUser'])).toThrow(
      /^Unknown option maxConnectionPerUser\. Use accountRequestQuota, .*, tokenFrom\.$/,
    );
  });

  it.each(['', '1st', 'my stack', 'a'.repeat(129)])('are refused when they name a stack %j', (stackName) => {
    const sentence = `stackName "${stackName}" is not a valid stack name. Use letters, digits and -, with a letter first.`;
    expect(() => readStackName(lookup({ stackName }))).toThrow(new BadProps(sentence));
  });
});

// Once `-c mode=session-id` was typed and once forgotten: the second deployment would let other people in.
it.each([
  ['which of mode and tokenFrom nobody set', {}, 'sets mode and tokenFrom;'],
  ['that nobody set tokenFrom', { mode: 'ticket' }, 'sets tokenFrom;'],
  ['that nobody set mode', { tokenFrom: 'query' }, 'sets mode;'],
])('a deployment says %s', (_, context: Readonly<Record<string, string>>, words) => {
  expect(describeUnsetOptions({ mode: 'ticket', tokenFrom: 'query' }, (name) => context[name])).toContain(words);
});

it('a deployment says nothing where both are set', () => {
  const context: Readonly<Record<string, string>> = { mode: 'cookie', tokenFrom: 'cookie' };
  expect(describeUnsetOptions({ mode: 'cookie', tokenFrom: 'cookie' }, (name) => context[name])).toBeUndefined();
});
