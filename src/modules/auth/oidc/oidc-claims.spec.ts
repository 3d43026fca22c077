import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { identityOf, isIncomplete } from './oidc-claims.js';
import type { OidcConnection } from './oidc-connection.js';

const issuer = 'https://op.example.test';
const connection = {
  issuer,
  subject: 'sub',
  groupRoles: [],
  attributeRoles: [],
  tenants: [],
} as unknown as OidcConnection;
const identity = (claims: Record<string, unknown>, userInfo?: Record<string, unknown>, more: object = {}) =>
  identityOf({ issuer, subject: 's', claims }, userInfo, { ...connection, ...more });

describe('a name from an OpenID provider', () => {
  it('that the API would reject is cleaned by the same rule, and blocks no sign-in', () => {
    const file = new URL('../../../../test/fixtures/display-names.json', import.meta.url);
    const names = JSON.parse(readFileSync(file, 'utf8')) as string[];
    expect(names.map((name) => identity({ name }).displayName)).toEqual([
      'gnp.exe',
      'A Bcc: x@example.org',
      'tab here',
      undefined,
      `${'n'.repeat(199)}😀`,
    ]);
    expect(identity({ name: 'a\uD83D\0' }).displayName).toBe('a');
  });
});

describe('an e-mail address from an OpenID provider', () => {
  it('can have an international domain, and must be one that other entry points accept', () => {
    const claims = (email: string) => ({ email, email_verified: true });
    expect(identity(claims('ada@münchen.example')).email).toBe('ada@münchen.example');
    expect(() => identity(claims('ada@localhost'))).toThrow(expect.objectContaining({ reason: 'email_invalid' }));
  });
});

describe('the verification of an e-mail address', () => {
  const email = 'ada@op.example.test';
  const accepted = (claims: object, userInfo?: object, more?: object) =>
    identity({ email, ...claims }, userInfo && { ...userInfo }, more).email === email;
  /** A statement that the provider makes: a value, or none. */
  const statement = fc.option(
    fc.oneof(fc.constantFrom<unknown>(true, 1, '1', 'true', false, 0, '0', 'false', 'TRUE', '', 'yes'), fc.jsonValue()),
    { nil: undefined },
  );

  it('is not needed, and null is no statement', () => {
    expect(accepted({})).toBe(true);
    expect(accepted({ email_verified: null, xms_edov: null })).toBe(true);
    expect(identity({ email: null })).not.toHaveProperty('email');
  });

  it.each([true, 1, '1', 'true'])('is confirmed by %p', (value) => {
    expect([accepted({ email_verified: value }), accepted({ xms_edov: value })]).toEqual([true, true]);
  });

  it.each([false, 0, '0', 'false', 'FALSE', 'True', '', 'yes', 2, [], [true], {}])('is denied by %p', (value) => {
    expect([accepted({ email_verified: value }), accepted({ xms_edov: value })]).toEqual([false, false]);
  });

  it('is as strict as the strictest statement of the ID token and of UserInfo', () => {
    const isConfirmed = (value: unknown) => ([true, 1, '1', 'true', undefined, null] as unknown[]).includes(value);
    fc.assert(
      fc.property(statement, statement, statement, statement, (idToken, idTokenDomain, userInfo, userInfoDomain) => {
        const found = accepted(
          { email_verified: idToken, xms_edov: idTokenDomain },
          { email_verified: userInfo, xms_edov: userInfoDomain },
        );
        expect(found).toBe([idToken, idTokenDomain, userInfo, userInfoDomain].every(isConfirmed));
      }),
    );
  });

  it('is needed when the connection accepts several directories', () => {
    const more = { issuer: 'https://login.example.test/organizations/v2.0', tenants: ['one.example', 'two.example'] };
    expect([accepted({}, undefined, more), accepted({ xms_edov: '1' }, undefined, more)]).toEqual([false, true]);
    expect(accepted({}, undefined, { ...more, tenants: ['one.example'] })).toBe(true);
  });

  it('of several directories is about the claim "email" of the same source, and about no other address', () => {
    const more = { issuer: 'https://login.example.test/organizations/v2.0', tenants: ['one.example', 'two.example'] };
    const found = (claims: object, userInfo?: object, emailAttribute?: string) =>
      identity({ ...claims }, userInfo && { ...userInfo }, { ...more, emailAttribute });
    const stated = { email: 'mallory@two.example', xms_edov: true, email_verified: true };
    const victim = 'victim@one.example';
    for (const name of ['upn', 'preferred_username', 'custom'])
      expect([name, found({ ...stated, [name]: victim }, undefined, name).email]).toEqual([name, undefined]);
    for (const [idToken, userInfo] of [
      [{ xms_edov: true }, { email: victim }],
      [{ email: victim }, { email_verified: true }],
      [{ email: victim }, { email: 'mallory@two.example', email_verified: true }],
    ] as const)
      expect(found(idToken, userInfo)).toMatchObject({ emailUnverified: true });
    expect(found(stated).email).toBe('mallory@two.example');
    expect(found({}, stated).email).toBe('mallory@two.example');
    expect(found(stated, undefined, 'email').email).toBe('mallory@two.example');
  });

  it('is requested from UserInfo if the provider announces it and the ID token does not state it', () => {
    const claims = { email, groups: [] };
    const announced = ['email', 'email_verified'];
    expect(isIncomplete(claims, connection)).toBe(false);
    expect(isIncomplete(claims, connection, announced)).toBe(true);
    expect(isIncomplete({ ...claims, email_verified: false }, connection, announced)).toBe(false);
  });
});
