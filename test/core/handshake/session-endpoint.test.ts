import { expect, it } from 'vitest';
import { findEndpointFault, maySendTo } from '../../../functions/core/handshake/session-endpoint.ts';

it.each([
  'https://app.example.com/getSessionID',
  'https://app.example.com:8443/index.php?route=session',
  'http://localhost:8080/getSessionID',
  'http://127.0.0.1/getSessionID',
  'http://127.255.0.1:3000/',
  'http://[::1]:8080/getSessionID',
])('the session endpoint may be %s', (url) => {
  expect(findEndpointFault(url)).toBeUndefined();
  expect(maySendTo(new URL(url))).toBe(true);
});

it.each([
  ['http://app.example.com/getSessionID', 'must be an https URL'],
  ['http://localhost.evil.com/', 'must be an https URL'],
  ['http://127.0.0.1.evil.com/', 'must be an https URL'],
  ['http://10.0.0.1/', 'must be an https URL'],
  ['http://[::2]/', 'must be an https URL'],
  ['http://0.0.0.0/', 'must be an https URL'],
  ['http://localhost@evil.com/', 'must not contain a user'],
  ['https://gonzalo@app.example.com/', 'must not contain a user'],
  ['https://:password@app.example.com/', 'must not contain a user'],
  ['https://app.example.com/#top', 'must not contain a fragment'],
  ['/getSessionID', 'not an absolute https URL'],
  ['app.example.com/getSessionID', 'not an absolute https URL'],
  ['ftp://app.example.com/', 'not an absolute https URL'],
  ['file:///etc/passwd', 'not an absolute https URL'],
  ['', 'not an absolute https URL'],
])('the session endpoint may not be %s, because it %s', (url, why) => {
  expect(findEndpointFault(url)).toContain(why);
  expect(URL.canParse(url) && maySendTo(new URL(url))).toBe(false);
});
