import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  read,
  readAuthorizerSettings,
  readAwsSettings,
  readConnectionLimit,
  readCredentialsSettings,
  readOptional,
} from '../../functions/edge/environment.ts';

/** As the construct writes it. */
const environment = {
  SESSION_ENDPOINT: 'http://127.0.0.1:9/getSessionID',
  SESSION_MODE: 'session-id',
  SESSION_TIMEOUT_MS: '100',
  TOKEN_FROM: 'query',
  SESSION_CHECK: 'always',
  COOKIE_NAME: 'PHPSESSID',
  COOKIES: 'PHPSESSID',
  ALLOWED_ORIGINS: 'https://app.example.com',
  ALLOW_MISSING_ORIGIN: 'no',
  APP_ID: '100000000001',
  KEY: 'key',
  CREDENTIALS_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:none',
  MAX_CONNECTIONS: '100',
  AT_MAX_CONNECTIONS: 'refuse',
};

beforeEach(() => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_SESSION_TOKEN', undefined);
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a variable that is missing', () => {
  it.each([
    'SESSION_ENDPOINT',
    'SESSION_MODE',
    'SESSION_TIMEOUT_MS',
    'TOKEN_FROM',
    'SESSION_CHECK',
    'COOKIE_NAME',
    'COOKIES',
    'ALLOWED_ORIGINS',
    'ALLOW_MISSING_ORIGIN',
  ])('is named: %s', (name) => {
    for (const value of [undefined, '']) {
      vi.stubEnv(name, value);
      expect(readAuthorizerSettings).toThrow(`The environment variable ${name} is not set.`);
    }
  });

  it.each(['APP_ID', 'KEY', 'CREDENTIALS_SECRET_ARN'])('is named: %s', (name) => {
    vi.stubEnv(name, '');
    expect(readCredentialsSettings).toThrow(`The environment variable ${name} is not set.`);
  });

  it.each(['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('is named: %s', (name) => {
    vi.stubEnv(name, undefined);
    expect(readAwsSettings).toThrow(`The environment variable ${name} is not set.`);
  });

  it('may be one that is optional', () => {
    vi.stubEnv('TICK_FUNCTION', '');
    expect(readOptional('TICK_FUNCTION')).toBeUndefined();
    vi.stubEnv('TICK_FUNCTION', 'tick');
    expect(readOptional('TICK_FUNCTION')).toBe('tick');
    expect(read('TICK_FUNCTION')).toBe('tick');
  });
});

describe('an invalid variable', () => {
  it.each([
    ['SESSION_ENDPOINT', 'http://app.example.com/'],
    ['SESSION_ENDPOINT', '/getSessionID'],
    ['SESSION_MODE', 'tickets'],
    ['TOKEN_FROM', 'header'],
    ['SESSION_CHECK', 'never'],
    ['SESSION_MODE', 'Status'],
    ['SESSION_TIMEOUT_MS', 'soon'],
    ['SESSION_TIMEOUT_MS', '0'],
    ['SESSION_TIMEOUT_MS', '-1'],
    ['REVALIDATE_SECONDS', 'often'],
    ['REVALIDATE_SECONDS', '0'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'https://app.example.com/'],
    ['ALLOWED_ORIGINS', 'https://app.example.com,https://b.example.com'],
    ['ALLOWED_ORIGINS', 'https://app.example.com  https://b.example.com'],
    ['ALLOWED_ORIGINS', ' '],
  ])('is named: %s=%s', (name, value) => {
    vi.stubEnv(name, value);
    expect(readAuthorizerSettings).toThrow(name);
  });
});

describe('the settings', () => {
  it('are what the variables say', () => {
    vi.stubEnv('ALLOWED_ORIGINS', 'https://a.example.com http://localhost:8080');
    expect(readAuthorizerSettings()).toEqual({
      endpoint: new URL('http://127.0.0.1:9/getSessionID'),
      mode: 'session-id',
      tokenFrom: 'query',
      sessionCheck: 'always',
      timeoutMs: 100,
      cookieName: 'PHPSESSID',
      cookies: ['PHPSESSID'],
      allowedOrigins: ['https://a.example.com', 'http://localhost:8080'],
      allowMissingOrigin: false,
    });
  });

  it.each([
    ['yes', true],
    ['no', false],
    ['true', false],
    ['YES', false],
  ])('allow clients without an Origin for the value yes only: %s', (value, expected) => {
    vi.stubEnv('ALLOW_MISSING_ORIGIN', value);
    expect(readAuthorizerSettings().allowMissingOrigin).toBe(expected);
  });

  it('never allow clients without an Origin in mode cookie', () => {
    vi.stubEnv('ALLOW_MISSING_ORIGIN', 'yes');
    vi.stubEnv('SESSION_MODE', 'cookie');
    vi.stubEnv('TOKEN_FROM', 'cookie');
    vi.stubEnv('COOKIES', 'APPSID wordpress_logged_in_*');
    expect(readAuthorizerSettings()).toMatchObject({
      allowMissingOrigin: false,
      cookies: ['APPSID', 'wordpress_logged_in_*'],
    });
  });

  it('have the limit of connections', () => {
    expect(readConnectionLimit()).toEqual({ maxConnections: 100, atMaxConnections: 'refuse' });
    vi.stubEnv('AT_MAX_CONNECTIONS', 'oldest-out');
    expect(readConnectionLimit()).toMatchObject({ atMaxConnections: 'oldest-out' });
  });

  it.each([
    ['MAX_CONNECTIONS', 'all'],
    ['MAX_CONNECTIONS', '0'],
    ['AT_MAX_CONNECTIONS', 'newest-out'],
  ])('with an invalid limit throw its name: %s=%s', (name, value) => {
    vi.stubEnv(name, value);
    expect(readConnectionLimit).toThrow(name);
  });

  it.each([
    ['eu-central-1', 'https://secretsmanager.eu-central-1.amazonaws.com/'],
    ['cn-north-1', 'https://secretsmanager.cn-north-1.amazonaws.com.cn/'],
    ['us-gov-west-1', 'https://secretsmanager.us-gov-west-1.amazonaws.com/'],
  ])('find Secrets Manager in %s', (region, url) => {
    vi.stubEnv('AWS_REGION', region);
    expect(readAwsSettings().secretsManagerUrl.href).toBe(url);
  });

  it('find Secrets Manager at the endpoint in the variable of every SDK', () => {
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', 'http://127.0.0.1:4566');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    expect(readAwsSettings()).toMatchObject({
      secretsManagerUrl: new URL('http://127.0.0.1:4566'),
      credentials: { sessionToken: 'token' },
    });
  });
});
