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
const layer = new TokenCheck();

beforeAll(() => {
  // passport keeps it by its name
  expect(new JwtStrategy(app, { jwtSecret: KEY.toString('hex') } as never).name).toBe('jwt');
});

const now = Math.floor(Date.now() / 1_000);
const TRUTH = { sid: 'A'.repeat(43), iat: now, exp: now + 600, iss: 'vouchsafe:test', aud: 'vouchsafe:test' };
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const sign = (claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, key: Buffer | string = KEY) => {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
};
const GENUINE = sign(TRUTH);

/** The secret that a cookie brings in, or the code of the refusal. Anything else is an error of ours. */
async function taken(cookie: string): Promise<string> {
  const request = { headers: { cookie } } as unknown as { user?: { sid: string } };
  const execution = {
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => ({}) }),
  } as unknown as ExecutionContext;
  try {
    await withContext(new Context(), () =>
      layer.check({
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
const refused = async (token: string) =>
  expect([token, await taken(`vouchsafe_test=${token}`)]).toEqual([token, 'unauthenticated']);

describe('the token of a session', () => {
  it('is taken where it is ours, whole, and says what we say', async () => {
    expect(await taken(`vouchsafe_test=${GENUINE}`)).toBe(TRUTH.sid);
    expect(await taken(`other=1; vouchsafe_test=${GENUINE}; more=2`)).toBe(TRUTH.sid);
  });

  it('is refused under an algorithm that is not ours, though the key be public or none', async () => {
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2_048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    for (const alg of ['none', 'None', 'RS256', 'PS256', 'ES256', 'EdDSA', 'HS384', 'HS512', '', 'hs256']) {
      await refused(sign(TRUTH, { alg, typ: 'JWT' }));
      await refused(sign(TRUTH, { alg, typ: 'JWT' }, publicKey));
      await refused(`${encode({ alg })}.${encode(TRUTH)}.`);
    }
  });

  it.each<[string, object]>([
    ['with a claim more', { ...TRUTH, role: 'admin' }],
    ['with its user named', { ...TRUTH, sub: 'somebody' }],
    ['valid from a moment on', { ...TRUTH, nbf: now - 10 }],
    ['without an end', { ...TRUTH, exp: undefined }],
    ['without a beginning', { ...TRUTH, iat: undefined }],
    ['that ended', { ...TRUTH, exp: now - 1 }],
    ['with an end in words', { ...TRUTH, exp: 'tomorrow' }],
    ['of another environment', { ...TRUTH, iss: 'vouchsafe:production', aud: 'vouchsafe:production' }],
    ['for several', { ...TRUTH, aud: ['vouchsafe:test', 'vouchsafe:production'], sid: 'short' }],
    ['with a secret that is a list', { ...TRUTH, sid: [TRUTH.sid] }],
  ])('is refused %s, though signed with our key', async (_what, claims) => {
    await refused(sign(claims));
  });

  it('is refused when cut off anywhere, or longer', async () => {
    for (let length = 0; length < GENUINE.length; length += 1) await refused(GENUINE.slice(0, length));
    await refused(`${GENUINE}A`);
    await refused(`${GENUINE}.${GENUINE}`);
  });

  it('is refused with any character changed, and the refusal is all that comes of it', async () => {
    const changed = fc
      .tuple(
        fc.nat(GENUINE.length - 44),
        fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'),
      )
      .map(([at, character]) => GENUINE.slice(0, at) + character + GENUINE.slice(at + 1))
      .filter((token) => token !== GENUINE);
    await fc.assert(fc.asyncProperty(changed, refused), { numRuns: 500 });
  });

  it('made of anything opens nothing and breaks nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (cookie) =>
        expect(await taken(cookie)).toBe('unauthenticated'),
      ),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.json(), async (header, claims) => {
        const body = `${Buffer.from(header).toString('base64url')}.${Buffer.from(claims).toString('base64url')}`;
        await refused(`${body}.${createHmac('sha256', KEY).update(body).digest('base64url')}`);
      }),
      { numRuns: 300 },
    );
  });
});
