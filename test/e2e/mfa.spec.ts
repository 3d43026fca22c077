import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FactorVerifier } from '../../src/modules/auth/mfa/factor-verifier.service.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { enrollTotp, type CodeApp } from '../harness/factors.js';
import { Factories, type Member } from '../harness/factories.js';

const LOGIN = '/v1/auth/login';
const CHALLENGE = '/v1/auth/login/mfa';

let harness: Harness;
let orgId: string;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
});
afterAll(() => harness.stop());

const outcome = ({ status, body }: Answer) => `${status} ${body?.code ?? 'ok'}`;
const tally = (answers: Answer[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(answers.map(outcome), (code) => code)).map(([code, all]) => [code, all!.length]),
  );
const times = (n: number, fn: () => Promise<Answer>) => Promise.all(Array.from({ length: n }, fn));
const events = (type: string, userId: string) =>
  harness.database.superuser<{ meta: Record<string, unknown> }>(
    'SELECT meta FROM audit_events WHERE org_id = $1 AND type = $2 AND target_id = $3 ORDER BY id',
    [orgId, type, userId],
  );

interface EnrolledMember extends Member {
  client: Client;
  app: CodeApp;
  recoveryCodes: string[];
}

async function enrolledMember(role = 'trainee'): Promise<EnrolledMember> {
  const member = await harness.make.member(orgId, role);
  const client = await harness.signIn(member.email);
  return { ...member, client, ...(await enrollTotp(client)) };
}

/** Completes the password step of a sign-in. */
async function passwordStep({ email }: Member): Promise<Client> {
  const client = harness.client();
  expect(outcome(await client.post(LOGIN, { email, password: Factories.PASSWORD }))).toBe('401 mfa_required');
  return client;
}

describe('the sign-in of a user with a second factor', () => {
  it('returns the MFA methods and no session after the password step', async () => {
    const { email, userId } = await enrolledMember();
    const client = harness.client();
    const answer = await client.post(LOGIN, { email, password: Factories.PASSWORD });
    expect([outcome(answer), answer.body.methods]).toEqual(['401 mfa_required', ['totp', 'recovery-code']]);
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

  it('is completed by a code in a second request or in the same request', async () => {
    const user = await enrolledMember();
    const client = await passwordStep(user);
    const finished = await client.post(CHALLENGE, { totp: user.app.fresh() });
    expect([finished.status, Object.keys(finished.body).toSorted()]).toEqual([
      200,
      ['expiresAt', 'organizationId', 'remembered'],
    ]);
    expect(client.cookieHeader).toMatch(/^vouchsafe_test=/);
    expect((await client.get('/v1/auth/me')).body.user.id).toBe(user.userId);
    await user.app.forgetStep(harness);
    expect(
      outcome(
        await harness.client().post(LOGIN, { email: user.email, password: Factories.PASSWORD, totp: user.app.fresh() }),
      ),
    ).toBe('200 ok');
    expect((await events('auth.signed_in', user.userId)).map(({ meta }) => meta)).toEqual([
      { method: 'password' },
      { method: 'password', factor: 'totp' },
      { method: 'password', factor: 'totp' },
    ]);
  });

  it('rejects a used code and older codes', async () => {
    const user = await enrolledMember();
    await user.app.forgetStep(harness);
    const again = user.app.fresh();
    expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { totp: again }))).toBe('200 ok');
    const client = await passwordStep(user);
    expect(outcome(await client.post(CHALLENGE, { totp: again }))).toBe('401 mfa_failed');
    expect(outcome(await client.post(CHALLENGE, { totp: user.app.code(-1) }))).toBe('401 mfa_failed');
    expect(outcome(await client.post(CHALLENGE, { totp: user.app.code(1) }))).toBe('200 ok');
  });

  it('accepts one of four concurrent requests with the same code', async () => {
    const user = await enrolledMember();
    await user.app.forgetStep(harness);
    const [clients, totp] = [await Promise.all(Array.from({ length: 4 }, () => passwordStep(user))), user.app.code()];
    const answers = await Promise.all(clients.map((client) => client.post(CHALLENGE, { totp })));
    expect(tally(answers)).toEqual({ '200 ok': 1, '401 mfa_failed': 3 });
  });

  it('expires with its first success, after five minutes, and with a password change', async () => {
    const user = await enrolledMember();
    const [reused, expired, changed] = [await passwordStep(user), await passwordStep(user), await passwordStep(user)];
    const usedCookie = reused.cookieHeader;
    expect(outcome(await reused.post(CHALLENGE, { totp: user.app.fresh() }))).toBe('200 ok');
    await user.app.forgetStep(harness);
    expect(
      outcome(await harness.client().post(CHALLENGE, { totp: user.app.code() }, { headers: { cookie: usedCookie } })),
    ).toBe('401 sign_in_expired');
    await harness.database.superuser(
      `UPDATE app_private.pending_sign_ins SET expires_at = expires_at - interval '301 seconds'
         WHERE secret_hash = sha256($1)`,
      [Buffer.from(expired.cookieHeader.split('=')[1]!)],
    );
    expect(outcome(await expired.post(CHALLENGE, { totp: user.app.code() }))).toBe('401 sign_in_expired');
    expect(
      (
        await reused.post('/v1/auth/password/change', {
          currentPassword: Factories.PASSWORD,
          newPassword: 'Synthetic-Test-2',
        })
      ).status,
    ).toBe(204);
    expect(outcome(await changed.post(CHALLENGE, { totp: user.app.code() }))).toBe('401 sign_in_expired');
    expect(outcome(await harness.client().post(CHALLENGE, { totp: '123456' }))).toBe('401 sign_in_expired');
  });

  it.each([
    [{}],
    [{ totp: '123456', recoveryCode: 'AAAAA-AAAAA' }],
    [{ totp: '12345' }],
    [{ totp: 123_456 }],
    [{ password: 'x' }],
    [{ recoveryCode: 'x'.repeat(41) }],
    [{ passkey: 'x' }],
  ])('rejects anything but one well-formed factor: %j', async (body) => {
    const client = await passwordStep(await sharedUser());
    expect(outcome(await client.post(CHALLENGE, body))).toBe('400 invalid_request');
  });
  let shared: EnrolledMember | undefined;
  const sharedUser = async () => (shared ??= await enrolledMember());
});

describe('guessing codes', () => {
  it('verifies exactly five of fifty concurrent codes and locks the password too', async () => {
    const user = await enrolledMember();
    const client = await passwordStep(user);
    let verified = 0;
    const verifier = harness.api.get(FactorVerifier, { strict: false });
    const verifyTotp = verifier.verifyTotp.bind(verifier);
    const spy = jest.spyOn(verifier, 'verifyTotp').mockImplementation((...args) => {
      verified += 1;
      return verifyTotp(...args);
    });
    const answers = await times(50, () => client.post(CHALLENGE, { totp: '000000' }));
    spy.mockRestore();
    expect(verified).toBe(5);
    expect(tally(answers)).toEqual({ '401 mfa_failed': 4, '429 account_locked': 46 });
    expect(outcome(await harness.client().post(LOGIN, { email: user.email, password: Factories.PASSWORD }))).toBe(
      '429 account_locked',
    );
    expect(await events('auth.locked', user.userId)).toHaveLength(1);
  });

  it('verifies at most five of fifty concurrent codes sent with the right password', async () => {
    const { email } = await enrolledMember();
    let verified = 0;
    const verifier = harness.api.get(FactorVerifier, { strict: false });
    const verifyTotp = verifier.verifyTotp.bind(verifier);
    const spy = jest.spyOn(verifier, 'verifyTotp').mockImplementation((...args) => {
      verified += 1;
      return verifyTotp(...args);
    });
    const answers = await times(50, () =>
      harness.client().post(LOGIN, { email, password: Factories.PASSWORD, totp: '000000' }),
    );
    spy.mockRestore();
    expect([verified, tally(answers)]).toEqual([5, { '401 mfa_failed': 4, '429 account_locked': 46 }]);
  });

  it('resets the failure count by the right factor and not by the right password', async () => {
    const user = await enrolledMember();
    for (let i = 0; i < 4; i += 1)
      expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { totp: '000000' }))).toBe('401 mfa_failed');
    expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { totp: user.app.fresh() }))).toBe('200 ok');
    for (let i = 0; i < 4; i += 1)
      expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { totp: '000000' }))).toBe('401 mfa_failed');
    const client = await passwordStep(user);
    expect(outcome(await client.post(CHALLENGE, { totp: '000000' }))).toBe('429 account_locked');
    await harness.database.superuser(
      `UPDATE app_private.sign_in_locks SET locked_until = locked_until - interval '16 minutes',
         last_at = last_at - interval '16 minutes'`,
    );
    await user.app.forgetStep(harness);
    expect(outcome(await client.post(CHALLENGE, { totp: user.app.code() }))).toBe('401 sign_in_expired');
    expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { totp: user.app.code() }))).toBe('200 ok');
  });
});

describe('recovery codes', () => {
  it('are ten, are shown once, and are stored unreadably', async () => {
    const { client, recoveryCodes } = await enrolledMember();
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    expect((await client.get('/v1/auth/factors')).body).toEqual({
      totpConfirmedAt: expect.any(String),
      passkeys: 0,
      recoveryCodesLeft: 10,
    });
    const stored = JSON.stringify(
      await harness.database.superuser(
        "SELECT r::text, encode(salt || verifier || lookup, 'escape') FROM app_private.recovery_codes r",
      ),
    );
    // Hexadecimal digits contain a short part without other letters by chance.
    const halves = recoveryCodes.flatMap((code) => code.split('-')).filter((half) => /[G-Z]/.test(half));
    const wholes = recoveryCodes.flatMap((code) => [code, code.replace('-', '')]);
    for (const part of [...wholes, ...halves]) expect(stored).not.toContain(part);
  });

  it('complete one sign-in each, in any spelling, and one of several concurrent ones', async () => {
    const user = await enrolledMember();
    const [first, second] = user.recoveryCodes as [string, string];
    expect(
      outcome(
        await (
          await passwordStep(user)
        ).post(CHALLENGE, { recoveryCode: ` ${first.toLowerCase().replace('-', ' ')} ` }),
      ),
    ).toBe('200 ok');
    expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { recoveryCode: first }))).toBe('401 mfa_failed');
    const clients = await Promise.all(Array.from({ length: 4 }, () => passwordStep(user)));
    expect(tally(await Promise.all(clients.map((client) => client.post(CHALLENGE, { recoveryCode: second }))))).toEqual(
      {
        '200 ok': 1,
        '401 mfa_failed': 3,
      },
    );
    expect(
      await harness.database.superuser(
        'SELECT 1 FROM app_private.recovery_codes WHERE user_id = $1 AND used_at IS NULL',
        [user.userId],
      ),
    ).toHaveLength(8);
    expect(await events('auth.recovery_code_used', user.userId)).toHaveLength(2);
  });

  it('of another user are rejected, and new codes invalidate the old ones', async () => {
    const [user, other] = [await enrolledMember(), await enrolledMember()];
    expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { recoveryCode: other.recoveryCodes[0] }))).toBe(
      '401 mfa_failed',
    );
    const { status, body } = await user.client.post('/v1/auth/recovery-codes');
    expect([status, body.recoveryCodes.length]).toEqual([201, 10]);
    expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { recoveryCode: user.recoveryCodes[0] }))).toBe(
      '401 mfa_failed',
    );
    expect(outcome(await (await passwordStep(user)).post(CHALLENGE, { recoveryCode: body.recoveryCodes[0] }))).toBe(
      '200 ok',
    );
  });
});

describe('the enrollment of an authenticator app', () => {
  it('takes effect only after the first valid code', async () => {
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
    expect(outcome(await client.post('/v1/auth/totp/confirm', { code: '000000' }))).toBe('403 invalid_code');
    expect((await client.get('/v1/auth/factors')).body.totpConfirmedAt).toBeNull();
    await harness.signIn(email);
  });

  it("rotates the session secret and ends the user's other sessions without a factor", async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    const [client, other] = [await harness.signIn(email), await harness.signIn(email)];
    const before = client.cookieHeader;
    await enrollTotp(client);
    expect((await harness.client().get('/v1/auth/me', { headers: { cookie: before } })).status).toBe(401);
    expect([(await client.get('/v1/auth/me')).status, (await other.get('/v1/auth/me')).status]).toEqual([200, 401]);
    expect((await events('auth.factor_enrolled', userId)).map(({ meta }) => meta)).toEqual([{ kind: 'totp' }]);
  });

  it('is rejected until an enrolled authenticator app is removed', async () => {
    const user = await enrolledMember();
    expect(outcome(await user.client.post('/v1/auth/totp/enroll'))).toBe('409 totp_already_enrolled');
    expect((await user.client.delete('/v1/auth/totp')).status).toBe(204);
    expect(outcome(await user.client.delete('/v1/auth/totp'))).toBe('404 not_found');
    expect((await user.client.get('/v1/auth/factors')).body).toEqual({
      totpConfirmedAt: null,
      passkeys: 0,
      recoveryCodesLeft: 0,
    });
    await harness.signIn(user.email);
    await enrollTotp(user.client);
  });

  it('stores the secret only in encrypted form', async () => {
    const { app, userId } = await enrolledMember();
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
