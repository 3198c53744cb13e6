import { describe, expect, it } from 'vitest';
import { generatePassword } from '../../../local/secrets/secrets-manager.ts';
import { readProperties } from '../../../local/template/stack.ts';

function generate(options: Record<string, string | number | boolean>): string {
  return generatePassword(readProperties(options, 'Secret'), 'Secret');
}

describe('a generated secret', () => {
  it('has 32 characters of every kind by default', () => {
    const password = generate({});
    expect(password).toHaveLength(32);
    for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]) expect(password).toMatch(kind);
  });

  it('omits excluded characters', () => {
    expect(generate({ ExcludePunctuation: true, PasswordLength: 200 })).toMatch(/^[A-Za-z0-9]{200}$/);
    expect(generate({ ExcludePunctuation: true, ExcludeUppercase: true, ExcludeLowercase: true })).toMatch(/^\d{32}$/);
    expect(generate({ ExcludeCharacters: 'abc', PasswordLength: 500 })).not.toMatch(/[abc]/);
  });

  it('differs each time', () => {
    expect(new Set(Array.from({ length: 50 }, () => generate({}))).size).toBe(50);
  });

  it('with impossible options is an error', () => {
    expect(() => generate({ PasswordLength: 3 })).toThrow('Secret: no password can satisfy these options.');
  });
});
