import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import fc from 'fast-check';
import { Context, withContext } from '../../context/context.js';
import { Problem } from '../../problem/problem.js';
import type { GuardContext } from '../guard-context.js';
import { JwtStrategy, TokenCheck } from './token.check.js';

const KEY = randomBytes(32);
const app = { environment: 'test', cookieName: 'vouchsafe_test' } as never;
const tokenCheck = new TokenCheck(app);

beforeAll(() => {
  // passport registers the strategy under this name
  expect(new JwtStrategy(app, { jwtSecret: KEY.toString('hex') } as never).name).toBe('jwt');
});

const now = Math.floor(Date.now() / 1_000);
const CLAIMS = { sid: 'A'.repeat(43), iat: now, exp: now + 600, iss: 'vouchsafe:test', aud: 'vouchsafe:test' };
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const sign = (claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, key: Buffer | string = KEY) => {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
};
const VALID_TOKEN = sign(CLAIMS);

/** Returns the session secret of an accepted cookie, or the problem code. Rethrows any other error. */
async function outcomeOf(cookie: string): Promise<string> {
  const request = { headers: { cookie } } as unknown as { user?: { sid: string } };
  const execution = {
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => ({}) }),
  } as unknown as ExecutionContext;
  try {
    await withContext(new Context(), () =>
      tokenCheck.check({
        execution,
        request,
        policy: { kind: 'access', permission: 'signed-in' },
        mutating: false,
      } as unknown as GuardContext),
    );
    return request.user!.sid;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}
const expectRejected = async (token: string) =>
  expect([token, await outcomeOf(`vouchsafe_test=${token}`)]).toEqual([token, 'unauthenticated']);

describe('the session token', () => {
  it('is accepted with a valid signature and exactly the expected claims', async () => {
    expect(await outcomeOf(`vouchsafe_test=${VALID_TOKEN}`)).toBe(CLAIMS.sid);
    expect(await outcomeOf(`other=1; vouchsafe_test=${VALID_TOKEN}; more=2`)).toBe(CLAIMS.sid);
  });

  it('is rejected under any other algorithm, even when signed with a public key or unsigned', async () => {
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2_048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    for (const alg of ['none', 'None', 'RS256', 'PS256', 'ES256', 'EdDSA', 'HS384', 'HS512', '', 'hs256']) {
      await expectRejected(sign(CLAIMS, { alg, typ: 'JWT' }));
      await expectRejected(sign(CLAIMS, { alg, typ: 'JWT' }, publicKey));
      await expectRejected(`${encode({ alg })}.${encode(CLAIMS)}.`);
    }
  });

  it.each<[string, object]>([
    ['with an additional claim', { ...CLAIMS, role: 'admin' }],
    ['with a subject', { ...CLAIMS, sub: 'user' }],
    ['with a not-before time', { ...CLAIMS, nbf: now - 10 }],
    ['without an expiration time', { ...CLAIMS, exp: undefined }],
    ['without an issue time', { ...CLAIMS, iat: undefined }],
    ['that has expired', { ...CLAIMS, exp: now - 1 }],
    ['with an expiration time as text', { ...CLAIMS, exp: 'tomorrow' }],
    ['of another environment', { ...CLAIMS, iss: 'vouchsafe:production', aud: 'vouchsafe:production' }],
    ['for several audiences', { ...CLAIMS, aud: ['vouchsafe:test', 'vouchsafe:production'], sid: 'short' }],
    ['with a list as the secret', { ...CLAIMS, sid: [CLAIMS.sid] }],
  ])('is rejected %s, even when signed with the right key', async (_what, claims) => {
    await expectRejected(sign(claims));
  });

  it('is rejected when truncated at any length or extended', async () => {
    for (let length = 0; length < VALID_TOKEN.length; length += 1) await expectRejected(VALID_TOKEN.slice(0, length));
    await expectRejected(`${VALID_TOKEN}A`);
    await expectRejected(`${VALID_TOKEN}.${VALID_TOKEN}`);
  });

  it('is rejected with 401 when any character is changed', async () => {
    const changed = fc
      .tuple(
        fc.nat(VALID_TOKEN.length - 44),
        fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'),
      )
      .map(([at, character]) => VALID_TOKEN.slice(0, at) + character + VALID_TOKEN.slice(at + 1))
      .filter((token) => token !== VALID_TOKEN);
    await fc.assert(fc.asyncProperty(changed, expectRejected), { numRuns: 500 });
  });

  it('of arbitrary content is rejected and causes no error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (cookie) =>
        expect(await outcomeOf(cookie)).toBe('unauthenticated'),
      ),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.json(), async (header, claims) => {
        const body = `${Buffer.from(header).toString('base64url')}.${Buffer.from(claims).toString('base64url')}`;
        await expectRejected(`${body}.${createHmac('sha256', KEY).update(body).digest('base64url')}`);
      }),
      { numRuns: 300 },
    );
  });
});
