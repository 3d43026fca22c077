import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FactorVerifier } from '../../src/modules/auth/mfa/factor-verifier.service.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { enrollTotp, type CodeApp } from '../harness/factors.js';
import { Factories, type Member } from '../harness/factories.js';

const LOGIN = '/v1/auth/login';
const SECOND = '/v1/auth/login/mfa';

let harness: Harness;
let orgId: string;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
});
afterAll(() => harness.stop());

const seen = ({ status, body }: Answer) => `${status} ${body?.code ?? 'ok'}`;
const tally = (answers: Answer[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(answers.map(seen), (code) => code)).map(([code, all]) => [code, all!.length]),
  );
const times = (n: number, fn: () => Promise<Answer>) => Promise.all(Array.from({ length: n }, fn));
const events = (type: string, userId: string) =>
  harness.database.superuser<{ meta: Record<string, unknown> }>(
    'SELECT meta FROM audit_events WHERE org_id = $1 AND type = $2 AND target_id = $3 ORDER BY id',
    [orgId, type, userId],
  );

interface Enrolled extends Member {
  client: Client;
  app: CodeApp;
  recoveryCodes: string[];
}

async function enrolled(role = 'trainee'): Promise<Enrolled> {
  const member = await harness.make.member(orgId, role);
  const client = await harness.signIn(member.email);
  return { ...member, client, ...(await enrollTotp(client)) };
}

/** A sign-in whose password was right. */
async function pending({ email }: Member): Promise<Client> {
  const client = harness.client();
  expect(seen(await client.post(LOGIN, { email, password: Factories.PASSWORD }))).toBe('401 mfa_required');
  return client;
}

describe('a sign-in of somebody with a second factor', () => {
  it('opens nothing by the password alone: it names what may follow, and a cookie that is no session', async () => {
    const { email, userId } = await enrolled();
    const client = harness.client();
    const answer = await client.post(LOGIN, { email, password: Factories.PASSWORD });
    expect([seen(answer), answer.body.methods]).toEqual(['401 mfa_required', ['totp', 'recovery-code']]);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^vouchsafe_test-pending=[\w-]{43}; Max-Age=300; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const secret = client.cookieHeader.split('=')[1]!;
    for (const cookie of [client.cookieHeader, `vouchsafe_test=${secret}`])
      expect((await harness.client().get('/v1/auth/me', { headers: { cookie } })).status).toBe(401);
    expect(await harness.database.superuser('SELECT 1 FROM sessions WHERE user_id = $1', [userId])).toHaveLength(1);
    expect(
      JSON.stringify(await harness.database.superuser('SELECT p::text FROM app_private.pending_sign_ins p')),
    ).not.toContain(secret);
  });

  it('is finished by a code, in a second request or in the same', async () => {
    const user = await enrolled();
    const client = await pending(user);
    const finished = await client.post(SECOND, { totp: user.app.fresh() });
    expect([finished.status, Object.keys(finished.body).toSorted()]).toEqual([
      200,
      ['expiresAt', 'organizationId', 'remembered'],
    ]);
    expect(client.cookieHeader).toMatch(/^vouchsafe_test=/);
    expect((await client.get('/v1/auth/me')).body.user.id).toBe(user.userId);
    await user.app.forgetStep(harness);
    expect(
      seen(
        await harness.client().post(LOGIN, { email: user.email, password: Factories.PASSWORD, totp: user.app.fresh() }),
      ),
    ).toBe('200 ok');
    expect((await events('auth.signed_in', user.userId)).map(({ meta }) => meta)).toEqual([
      { method: 'password' },
      { method: 'password', factor: 'totp' },
      { method: 'password', factor: 'totp' },
    ]);
  });

  it('does not take a code twice, nor an older one', async () => {
    const user = await enrolled();
    const again = user.app.fresh();
    expect(seen(await (await pending(user)).post(SECOND, { totp: again }))).toBe('200 ok');
    const client = await pending(user);
    expect(seen(await client.post(SECOND, { totp: again }))).toBe('401 mfa_failed');
    expect(seen(await client.post(SECOND, { totp: user.app.code(-1) }))).toBe('401 mfa_failed');
    expect(seen(await client.post(SECOND, { totp: user.app.code(1) }))).toBe('200 ok');
  });

  it('lets one of four in that show one code at once', async () => {
    const user = await enrolled();
    await user.app.forgetStep(harness);
    const [clients, totp] = [await Promise.all(Array.from({ length: 4 }, () => pending(user))), user.app.code()];
    const answers = await Promise.all(clients.map((client) => client.post(SECOND, { totp })));
    expect(tally(answers)).toEqual({ '200 ok': 1, '401 mfa_failed': 3 });
  });

  it('is over with its first success, after five minutes, and with another password', async () => {
    const user = await enrolled();
    const [twice, late, changed] = [await pending(user), await pending(user), await pending(user)];
    const stolen = twice.cookieHeader;
    expect(seen(await twice.post(SECOND, { totp: user.app.fresh() }))).toBe('200 ok');
    await user.app.forgetStep(harness);
    expect(seen(await harness.client().post(SECOND, { totp: user.app.code() }, { headers: { cookie: stolen } }))).toBe(
      '401 sign_in_expired',
    );
    await harness.database.superuser(
      `UPDATE app_private.pending_sign_ins SET expires_at = expires_at - interval '301 seconds'
         WHERE secret_hash = sha256($1)`,
      [Buffer.from(late.cookieHeader.split('=')[1]!)],
    );
    expect(seen(await late.post(SECOND, { totp: user.app.code() }))).toBe('401 sign_in_expired');
    expect(
      (
        await twice.post('/v1/auth/password/change', {
          currentPassword: Factories.PASSWORD,
          newPassword: 'Synthetic-Test-2',
        })
      ).status,
    ).toBe(204);
    expect(seen(await changed.post(SECOND, { totp: user.app.code() }))).toBe('401 sign_in_expired');
    expect(seen(await harness.client().post(SECOND, { totp: '123456' }))).toBe('401 sign_in_expired');
  });

  it.each([
    [{}],
    [{ totp: '123456', recoveryCode: 'AAAAA-AAAAA' }],
    [{ totp: '12345' }],
    [{ totp: 123_456 }],
    [{ password: 'x' }],
    [{ recoveryCode: 'x'.repeat(41) }],
    [{ passkey: 'x' }],
  ])('takes one proof, of its form: %j', async (body) => {
    const client = await pending(await user());
    expect(seen(await client.post(SECOND, body))).toBe('400 invalid_request');
  });
  let one: Enrolled | undefined;
  const user = async () => (one ??= await enrolled());
});

describe('guessing', () => {
  it('fifty codes at once has exactly five evaluated, and then the password is locked as well', async () => {
    const user = await enrolled();
    const client = await pending(user);
    let evaluated = 0;
    const proofs = harness.api.get(FactorVerifier, { strict: false });
    const verifyTotp = proofs.verifyTotp.bind(proofs);
    const spy = jest.spyOn(proofs, 'verifyTotp').mockImplementation((...given) => {
      evaluated += 1;
      return verifyTotp(...given);
    });
    const answers = await times(50, () => client.post(SECOND, { totp: '000000' }));
    spy.mockRestore();
    expect(evaluated).toBe(5);
    expect(tally(answers)).toEqual({ '401 mfa_failed': 4, '429 account_locked': 46 });
    expect(seen(await harness.client().post(LOGIN, { email: user.email, password: Factories.PASSWORD }))).toBe(
      '429 account_locked',
    );
    expect(await events('auth.locked', user.userId)).toHaveLength(1);
  });

  it('fifty codes at once, each with the right password, has five evaluated at most', async () => {
    const { email } = await enrolled();
    let evaluated = 0;
    const proofs = harness.api.get(FactorVerifier, { strict: false });
    const verifyTotp = proofs.verifyTotp.bind(proofs);
    const spy = jest.spyOn(proofs, 'verifyTotp').mockImplementation((...given) => {
      evaluated += 1;
      return verifyTotp(...given);
    });
    const answers = await times(50, () =>
      harness.client().post(LOGIN, { email, password: Factories.PASSWORD, totp: '000000' }),
    );
    spy.mockRestore();
    expect([evaluated, tally(answers)]).toEqual([5, { '401 mfa_failed': 4, '429 account_locked': 46 }]);
  });

  it('counts on across sign-ins: the right password between forgives nothing, the right factor does', async () => {
    const user = await enrolled();
    for (let i = 0; i < 4; i += 1)
      expect(seen(await (await pending(user)).post(SECOND, { totp: '000000' }))).toBe('401 mfa_failed');
    expect(seen(await (await pending(user)).post(SECOND, { totp: user.app.fresh() }))).toBe('200 ok');
    for (let i = 0; i < 4; i += 1)
      expect(seen(await (await pending(user)).post(SECOND, { totp: '000000' }))).toBe('401 mfa_failed');
    const client = await pending(user);
    expect(seen(await client.post(SECOND, { totp: '000000' }))).toBe('429 account_locked');
    await harness.database.superuser(
      `UPDATE app_private.sign_in_locks SET locked_until = locked_until - interval '16 minutes',
         last_at = last_at - interval '16 minutes'`,
    );
    expect(seen(await client.post(SECOND, { totp: user.app.code(1) }))).toBe('401 sign_in_expired');
    expect(seen(await (await pending(user)).post(SECOND, { totp: user.app.code(1) }))).toBe('200 ok');
  });
});

describe('recovery codes', () => {
  it('are ten, shown once, and kept so that nothing of them can be read', async () => {
    const { client, recoveryCodes } = await enrolled();
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    expect((await client.get('/v1/auth/factors')).body).toEqual({
      totpConfirmedAt: expect.any(String),
      passkeys: 0,
      recoveryCodesLeft: 10,
    });
    const kept = JSON.stringify(
      await harness.database.superuser(
        "SELECT r::text, encode(salt || verifier || lookup, 'escape') FROM app_private.recovery_codes r",
      ),
    );
    for (const code of recoveryCodes)
      for (const part of [code, code.replace('-', ''), ...code.split('-')]) expect(kept).not.toContain(part);
  });

  it('open a sign-in once each, however they are typed, and of those at once one', async () => {
    const user = await enrolled();
    const [first, second] = user.recoveryCodes as [string, string];
    expect(
      seen(await (await pending(user)).post(SECOND, { recoveryCode: ` ${first.toLowerCase().replace('-', ' ')} ` })),
    ).toBe('200 ok');
    expect(seen(await (await pending(user)).post(SECOND, { recoveryCode: first }))).toBe('401 mfa_failed');
    const clients = await Promise.all(Array.from({ length: 4 }, () => pending(user)));
    expect(tally(await Promise.all(clients.map((client) => client.post(SECOND, { recoveryCode: second }))))).toEqual({
      '200 ok': 1,
      '401 mfa_failed': 3,
    });
    expect(
      await harness.database.superuser(
        'SELECT 1 FROM app_private.recovery_codes WHERE user_id = $1 AND used_at IS NULL',
        [user.userId],
      ),
    ).toHaveLength(8);
    expect(await events('auth.recovery_code_used', user.userId)).toHaveLength(2);
  });

  it('of somebody else open nothing, and new ones end the old ones', async () => {
    const [user, other] = [await enrolled(), await enrolled()];
    expect(seen(await (await pending(user)).post(SECOND, { recoveryCode: other.recoveryCodes[0] }))).toBe(
      '401 mfa_failed',
    );
    const { status, body } = await user.client.post('/v1/auth/recovery-codes');
    expect([status, body.recoveryCodes.length]).toEqual([201, 10]);
    expect(seen(await (await pending(user)).post(SECOND, { recoveryCode: user.recoveryCodes[0] }))).toBe(
      '401 mfa_failed',
    );
    expect(seen(await (await pending(user)).post(SECOND, { recoveryCode: body.recoveryCodes[0] }))).toBe('200 ok');
  });
});

describe('enrolling codes', () => {
  it('counts only once a code was shown: until then the password is enough', async () => {
    const { email } = await harness.make.member(orgId, 'trainee');
    const client = await harness.signIn(email);
    const { status, body } = await client.post('/v1/auth/totp/enroll');
    expect([status, body]).toEqual([
      201,
      {
        secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
        uri: expect.stringMatching(/^otpauth:\/\/totp\/Vouchsafe[^?]*\?.*secret=[A-Z2-7]{32}/),
      },
    ]);
    expect(seen(await client.post('/v1/auth/totp/confirm', { code: '000000' }))).toBe('403 invalid_code');
    expect((await client.get('/v1/auth/factors')).body.totpConfirmedAt).toBeNull();
    await harness.signIn(email);
  });

  it('gives the session another secret, and ends others of the user that showed no factor', async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    const [client, other] = [await harness.signIn(email), await harness.signIn(email)];
    const before = client.cookieHeader;
    await enrollTotp(client);
    expect((await harness.client().get('/v1/auth/me', { headers: { cookie: before } })).status).toBe(401);
    expect([(await client.get('/v1/auth/me')).status, (await other.get('/v1/auth/me')).status]).toEqual([200, 401]);
    expect((await events('auth.factor_enrolled', userId)).map(({ meta }) => meta)).toEqual([{ kind: 'totp' }]);
  });

  it('does not replace codes that are enrolled: they are removed first', async () => {
    const user = await enrolled();
    expect(seen(await user.client.post('/v1/auth/totp/enroll'))).toBe('409 totp_already_enrolled');
    expect((await user.client.delete('/v1/auth/totp')).status).toBe(204);
    expect(seen(await user.client.delete('/v1/auth/totp'))).toBe('404 not_found');
    expect((await user.client.get('/v1/auth/factors')).body).toEqual({
      totpConfirmedAt: null,
      passkeys: 0,
      recoveryCodesLeft: 0,
    });
    await harness.signIn(user.email);
    await enrollTotp(user.client);
  });

  it('keeps the secret sealed: the database holds nothing that makes a code', async () => {
    const { app, userId } = await enrolled();
    const rows = await harness.database.superuser<{ sealed: Buffer }>(
      'SELECT sealed FROM app_private.totp_factors WHERE user_id = $1',
      [userId],
    );
    const bits = [...app.secret]
      .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
      .join('');
    expect(rows[0]!.sealed.toString('hex')).not.toContain(
      Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2))).toString('hex'),
    );
    expect(
      JSON.stringify(await harness.database.superuser('SELECT t::text FROM app_private.totp_factors t')),
    ).not.toContain(app.secret);
  });
});
