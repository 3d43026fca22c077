import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inviteKey, readInvite, signInvite, type InviteClaims } from './invite-token.js';

const KEY = inviteKey('a9'.repeat(32));
const CLAIMS: InviteClaims = {
  id: '01890000-0000-7000-8000-000000000001',
  orgId: '01890000-0000-7000-8000-000000000002',
  email: 'jürgen@klinik.example',
  role: 'trainee',
  expiresAt: new Date('2026-03-04T05:06:07.089Z'),
};
const claims = fc.record({
  id: fc.uuid(),
  orgId: fc.uuid(),
  email: fc.string({ unit: 'grapheme' }),
  role: fc.string(),
  expiresAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
});
const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \0\ud800é'];

describe('the token of an invite', () => {
  it('contains the signed fields', () => {
    fc.assert(fc.property(claims, (given) => expect(readInvite(KEY, signInvite(KEY, given))).toEqual(given)));
  });

  it('is unique for each signing', () => {
    expect(new Set(Array.from({ length: 100 }, () => signInvite(KEY, CLAIMS))).size).toBe(100);
  });

  it('is invalid after a change of any character', () => {
    const token = signInvite(KEY, CLAIMS);
    for (let at = 0; at < token.length; at += 1) {
      for (const letter of ALPHABET.filter((one) => one !== token[at]))
        expect(readInvite(KEY, token.slice(0, at) + letter + token.slice(at + 1))).toBeNull();
      expect(readInvite(KEY, token.slice(0, at) + token.slice(at + 1))).toBeNull();
      expect(readInvite(KEY, `${token.slice(0, at)}A${token.slice(at)}`)).toBeNull();
    }
  });

  it('is invalid when it combines two tokens, is cut, or has text around it', () => {
    const [one, two] = [signInvite(KEY, CLAIMS), signInvite(KEY, { ...CLAIMS, role: 'program_director' })];
    const [payload, signature] = one.split('.') as [string, string];
    for (const token of [
      `${two.split('.')[0]}.${signature}`,
      payload,
      `${payload}.`,
      `.${signature}`,
      `${one}.`,
      `.${one}`,
      `${one}.${signature}`,
      ` ${one}`,
      `${one}\n`,
      `${one}=`,
      one.toUpperCase(),
      '',
      '.',
    ])
      expect(readInvite(KEY, token)).toBeNull();
  });

  it('is invalid under another key, or with another payload', () => {
    fc.assert(
      fc.property(claims, fc.uint8Array({ minLength: 32, maxLength: 32 }), (given, other) => {
        expect(readInvite(KEY, signInvite(Buffer.from(other), given))).toBeNull();
      }),
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(readInvite(KEY, text)).toBeNull()));
  });

  it('is signed under its own key', () => {
    expect(inviteKey('a9'.repeat(32))).not.toEqual(Buffer.from('a9'.repeat(32), 'hex'));
  });
});
