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
  it('leave unset props at their defaults', () => {
    expect(read({})).toEqual({
      sessionEndpoint: 'https://app.example.com/id',
      allowedOrigins: ['https://app.example.com'],
    });
  });

  it('accept several origins, separated by commas and spaces', () => {
    const { allowedOrigins } = read({ allowedOrigins: 'https://a.example.com, https://b.example.com ,' });
    expect(allowedOrigins).toEqual(['https://a.example.com', 'https://b.example.com']);
    const withApp = read({ allowedOrigins: 'https://app.example.com,capacitor://localhost' });
    expect(withApp.allowedOrigins).toEqual(['https://app.example.com', 'capacitor://localhost']);
    expect(() => settleProps(withApp)).not.toThrow();
  });

  it('accept several origins as a list, as in cdk.json', () => {
    const { allowedOrigins } = read({ allowedOrigins: ['https://a.example.com', 'https://b.example.com'] });
    expect(allowedOrigins).toEqual(['https://a.example.com', 'https://b.example.com']);
    const withApp = read({ allowedOrigins: 'https://app.example.com,capacitor://localhost' });
    expect(withApp.allowedOrigins).toEqual(['https://app.example.com', 'capacitor://localhost']);
    expect(() => settleProps(withApp)).not.toThrow();
  });

  it.each(['hello', 'allowMissingOrigin', 'cloudWatchRole'])(
    'switch %s on and off, as text or as a boolean',
    (name) => {
      for (const [given, expected] of [
        ['true', true],
        [true, true],
        ['false', false],
        [false, false],
      ]) {
        expect(read({ [name as string]: given })).toMatchObject({ [name as string]: expected });
      }
    },
  );

  it('accept a timeout in milliseconds', () => {
    expect(read({ sessionTimeoutMs: '1500' }).sessionTimeout).toEqual(Duration.millis(1500));
    expect(read({ sessionTimeoutMs: 1500 }).sessionTimeout).toEqual(Duration.millis(1500));
  });

  it('accept the interval of session checks in minutes, or false', () => {
    expect(read({ revalidate: '5' }).revalidate).toEqual(Duration.minutes(5));
    expect(read({ revalidate: 5 }).revalidate).toEqual(Duration.minutes(5));
    expect(read({ revalidate: 'false' }).revalidate).toBe(false);
    expect(read({ revalidate: false }).revalidate).toBe(false);
  });

  it("accept the account's quota as rate and burst", () => {
    const accountRequestQuota = { rateLimit: 50_000, burstLimit: 25_000 };
    expect(read({ accountRequestQuota: '50000,25000' })).toMatchObject({ accountRequestQuota });
  });

  it('accept throttles as rate and burst', () => {
    const [throttle, httpThrottle] = [
      { rateLimit: 100, burstLimit: 50 },
      { rateLimit: 20, burstLimit: 10 },
    ];
    expect(read({ throttle: '100,50', httpThrottle: '20,10' })).toMatchObject({ throttle, httpThrottle });
  });

  it('accept the system log level', () => {
    expect(read({ systemLogLevel: 'WARN' })).toMatchObject({ systemLogLevel: 'WARN' });
  });

  it('accept the topic for alarms', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-central-1:123456789012:night';
    expect(read({ alarmTopicArn })).toMatchObject({ alarmTopicArn });
  });

  it('accept a mode and a cookie name', () => {
    expect(read({ mode: 'status', cookieName: 'SID' })).toMatchObject({ mode: 'status', cookieName: 'SID' });
  });

  it('accept the token source, and cookies separated by commas or as a list', () => {
    const options = { mode: 'cookie', tokenFrom: 'cookie', sessionCheck: 'always' };
    expect(read({ ...options, cookies: 'SID, wordpress_logged_in_*' })).toMatchObject({
      ...options,
      cookies: ['SID', 'wordpress_logged_in_*'],
    });
    expect(read({ cookies: ['SID'] })).toMatchObject({ cookies: ['SID'] });
  });

  it("accept Pusher's app id and key, also as numbers from cdk.json", () => {
    expect(read({ appId: '895326053837', key: 'shop' })).toMatchObject({ appId: '895326053837', key: 'shop' });
    expect(read({ appId: 895326053837 })).toMatchObject({ appId: '895326053837' });
  });

  it('accept limits', () => {
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

  it('accept a stack name, so that an account can have several stacks', () => {
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
  ])('reject an invalid value with one sentence: %j', (context, sentence) => {
    expect(() => read(context)).toThrow(new BadProps(sentence));
  });

  it("reject an unknown option, but ignore CDK's own context", () => {
    refuseUnknownOptions(['mode', 'throttle', '@aws-cdk/core:target-partitions', 'aws:cdk:bundling-stacks']);
    expect(() => refuseUnknownOptions(['mode', 'maxConnectionPerUser'])).toThrow(
      /^Unknown option maxConnectionPerUser\. Use accountRequestQuota, .*, tokenFrom\.$/,
    );
  });

  it.each(['', '1st', 'my stack', 'a'.repeat(129)])('reject the stack name %j', (stackName) => {
    const sentence = `stackName "${stackName}" is not a valid stack name. Use letters, digits and -, with a letter first.`;
    expect(() => readStackName(lookup({ stackName }))).toThrow(new BadProps(sentence));
  });
});

// Forgetting `-c mode=session-id` on the second deployment would change how clients authenticate.
it.each([
  ['mode and tokenFrom', {}, 'sets mode and tokenFrom;'],
  ['tokenFrom', { mode: 'ticket' }, 'sets tokenFrom;'],
  ['mode', { tokenFrom: 'query' }, 'sets mode;'],
])('a deployment warns about unset options: %s', (_, context: Readonly<Record<string, string>>, words) => {
  expect(describeUnsetOptions({ mode: 'ticket', tokenFrom: 'query' }, (name) => context[name])).toContain(words);
});

it('a deployment prints no warning if mode and tokenFrom are set', () => {
  const context: Readonly<Record<string, string>> = { mode: 'cookie', tokenFrom: 'cookie' };
  expect(describeUnsetOptions({ mode: 'cookie', tokenFrom: 'cookie' }, (name) => context[name])).toBeUndefined();
});
