import { describe, expect, it } from 'vitest';
import { checkOrigin, findOriginFault, isOrigin } from '../../../functions/core/handshake/origin.ts';

const policy = {
  allowedOrigins: ['https://app.example.com', 'http://localhost:8080', 'capacitor://localhost'],
  allowMissingOrigin: false,
};

describe('the Origin of a handshake', () => {
  it.each(policy.allowedOrigins)('is allowed if it is listed: %s', (origin) => {
    expect(checkOrigin(origin, policy)).toBe('allowed');
  });

  it.each([
    ['the own name as the beginning of another', 'https://app.example.com.evil.com'],
    ['the own name as the end of another', 'https://evilapp.example.com'],
    ['the other scheme', 'http://app.example.com'],
    ['what a sandboxed frame sends', 'null'],
    ['another port', 'https://app.example.com:8443'],
    ["the scheme's own port, which browsers never write", 'https://app.example.com:443'],
    ['no port where one is on the list', 'http://localhost'],
    ['an upper-case host', 'https://APP.example.com'],
    ['an upper-case scheme', 'HTTPS://app.example.com'],
    ['the parent domain', 'https://example.com'],
    ['a sub-domain', 'https://x.app.example.com'],
    ['a slash at the end', 'https://app.example.com/'],
    ['a path', 'https://app.example.com/private'],
    ['a dot at the end of the host', 'https://app.example.com.'],
    ['a user', 'https://app.example.com@evil.com'],
    ['an escaped dot', 'https://app%2eexample.com'],
    ['blanks around it', ' https://app.example.com '],
    ['a newline after it', 'https://app.example.com\n'],
    ['two of them, as a repeated header is joined', 'https://app.example.com, https://app.example.com'],
    ['a WebSocket scheme', 'wss://app.example.com'],
    ["another app's scheme", 'ionic://localhost'],
    ["a host of an app's scheme that is not on the list", 'capacitor://localhost.evil.com'],
    ["a port of an app's scheme that is not on the list", 'capacitor://localhost:8080'],
    ["an app's host by http", 'http://localhost'],
    ['what a page from a file sends in some browsers', 'file://'],
    ['a wildcard', '*'],
    ['empty', ''],
    ['a letter that only looks like ASCII', 'https://аpp.example.com'],
  ])('is rejected: %s', (_, origin) => {
    expect(checkOrigin(origin, policy)).toMatchObject({ refused: 'foreign-origin', code: 4009 });
    expect(checkOrigin(origin, { ...policy, allowMissingOrigin: true })).toMatchObject({ refused: 'foreign-origin' });
  });

  it('is required unless the policy allows clients without one', () => {
    expect(checkOrigin(undefined, policy)).toMatchObject({ refused: 'missing-origin', code: 4009 });
    expect(checkOrigin(undefined, { ...policy, allowMissingOrigin: true })).toBe('allowed');
  });

  it('is always rejected with an empty list', () => {
    expect(checkOrigin('https://app.example.com', { ...policy, allowedOrigins: [] })).not.toBe('allowed');
  });

  it('does not match a wildcard in the list', () => {
    expect(checkOrigin('https://app.example.com', { ...policy, allowedOrigins: ['*'] })).not.toBe('allowed');
  });
});

describe('an origin in allowedOrigins', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com:8443',
    'http://localhost:8080',
    'http://[::1]:3000',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://-',
    'app://.',
    'app://obsidian.md',
    'chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb',
    'my-app+2://localhost:3000',
  ])('is valid as browsers and web views send it: %s', (origin) => {
    expect(findOriginFault(origin)).toBeUndefined();
    expect(isOrigin(origin)).toBe(true);
  });

  it.each([
    ['https://app.example.com/', 'https://app.example.com'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['http://app.example.com:80', 'http://app.example.com'],
    ['HTTPS://App.Example.com', 'https://app.example.com'],
    ['https://app.example.com/path?query#hash', 'https://app.example.com'],
    ['https://gonzalo:password@app.example.com', 'https://app.example.com'],
    ['https://münchen.example', 'https://xn--mnchen-3ya.example'],
    ['capacitor://localhost/', 'capacitor://localhost'],
    ['capacitor://localhost/index.html', 'capacitor://localhost'],
    ['Capacitor://localhost', 'capacitor://localhost'],
    ['capacitor://LocalHost', 'capacitor://localhost'],
    ['capacitor://user@localhost', 'capacitor://localhost'],
    ['app://-?x=1', 'app://-'],
    ['ionic://localhost:08080', 'ionic://localhost:8080'],
  ])('%s is invalid, and the fault suggests %s', (text, better) => {
    expect(findOriginFault(text)).toContain(`write "${better}"`);
  });

  it.each([
    '',
    'app.example.com',
    'localhost:8080',
    '//app.example.com',
    'wss://app.example.com',
    'ftp://app.example.com',
    'https://',
    'capacitor://',
    'capacitor:localhost',
    'capacitor:///index.html',
    'capacitor://münchen',
  ])('"%s" is invalid, and the fault shows a valid one', (text) => {
    expect(findOriginFault(text)).toContain('is not an origin such as https://app.example.com');
  });

  // Every sandboxed frame of every site sends "null" too, so it cannot tell an own page from another.
  it.each(['null', 'file://', 'file:///android_asset/index.html', 'FILE:///x', 'data:text/html,x', 'about:blank'])(
    '%s is invalid, because browsers send its origin as null',
    (text) => {
      expect(findOriginFault(text)).toContain('cannot be allowed: local files and sandboxed frames');
    },
  );

  // The comparison is exact, so a wildcard would silently match nothing, and every handshake would be rejected.
  it.each(['*', 'https://*.example.com', 'https://*', 'capacitor://*', '*://localhost'])(
    '%s is invalid, because wildcards are not supported',
    (text) => {
      expect(findOriginFault(text)).toContain('wildcard');
      expect(isOrigin(text)).toBe(false);
    },
  );
});
