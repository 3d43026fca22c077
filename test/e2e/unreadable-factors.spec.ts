import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { enrollPasskey, enrollTotp } from '../harness/factors.js';
import type { Member } from '../harness/factories.js';

const PASSWORD = 'Synthetic-Test-1';
const SEALED = `decode(repeat('00', 61), 'hex')`;
const UNREADABLE = `decode('01' || repeat('00', 60), 'hex')`;

let harness: Harness;
let raw: RawSql;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  raw = await RawSql.open(harness.env['DATABASE_URL']!);
});
afterAll(async () => {
  await raw.end();
  await harness.stop();
});

async function owner(): Promise<Member & { client: Client; secret: () => string }> {
  const org = await harness.make.organization('workforce');
  const member = await harness.make.member(org, 'owner');
  const client = await harness.signIn(member.email);
  return { ...member, client, secret: () => sessionSecret(client) };
}

/** Runs a statement in the session of a member, as SQL that an attacker injects. Returns its SQLSTATE. */
async function inject(secret: string, statement: string): Promise<string | null> {
  await raw.enter(secret);
  const { code } = await raw.outcome(statement);
  await raw.client.query('COMMIT');
  return code;
}

describe('an own key that the KMS cannot unwrap', () => {
  it.each([`'\\x00'`, `''`, `NULL`, `decode(repeat('00', 60), 'hex')`, `decode(repeat('00', 1025), 'hex')`])(
    'is not stored if it has the length of no key: %s',
    async (key) => {
      const { secret } = await owner();
      expect(await inject(secret(), `SELECT app.keep_own_key(${key}, NULL)`)).toMatch(/^(23514|23502)$/);
    },
  );

  it('breaks neither the step-up by password nor the enrollment, which replaces the key', async () => {
    const { client, secret } = await owner();
    expect(await inject(secret(), `SELECT app.keep_own_key(${UNREADABLE}, NULL)`)).toBe(null);
    expect((await client.post('/v1/auth/step-up', { password: PASSWORD })).status).toBe(204);
    const { app, recoveryCodes } = await enrollTotp(client);
    expect(recoveryCodes).toHaveLength(10);
    expect((await client.post('/v1/auth/step-up', { totp: app.fresh() })).status).toBe(204);
    expect((await client.post('/v1/auth/step-up', { recoveryCode: recoveryCodes[0] })).status).toBe(204);
  });

  it('never replaces a key that encrypts a factor', async () => {
    const { client, secret, userId } = await owner();
    const { app } = await enrollTotp(client);
    const [{ wrapped }] = (await harness.database.superuser<{ wrapped: Buffer }>(
      'SELECT wrapped FROM app_private.user_keys WHERE user_id = $1',
      [userId],
    )) as [{ wrapped: Buffer }];
    const current = `'\\x${wrapped.toString('hex')}'`;
    expect(await inject(secret(), `SELECT app.keep_own_key(${UNREADABLE}, ${current})`)).toBe(null);
    expect((await client.post('/v1/auth/step-up', { totp: app.fresh() })).status).toBe(204);
  });
});

describe('a second factor that cannot be decrypted', () => {
  const enroll = (secret: string) => inject(secret, `SELECT app.enroll_totp('${secret}', ${SEALED}, sha256('\\x01'))`);
  const confirm = (secret: string) =>
    inject(
      secret,
      `SELECT app.confirm_totp('${secret}', ROW('totp', '\\x01', 1, NULL, NULL, NULL)::app.presented_factor,
         sha256(convert_to('${secret}', 'UTF8')))`,
    );

  it('verifies nothing, at sign-in and at step-up, and a reset removes it', async () => {
    const { client, secret, email, orgId, membershipId } = await owner();
    expect(await inject(secret(), `SELECT app.keep_own_key(${UNREADABLE}, NULL)`)).toBe(null);
    expect([await enroll(secret()), await confirm(secret())]).toEqual([null, null]);
    const answers = [
      await client.post('/v1/auth/step-up', { totp: '123456' }),
      await client.post('/v1/auth/step-up', { recoveryCode: 'AAAAA-AAAAA-AAAAA' }),
      await harness.client().post('/v1/auth/login', { email, password: PASSWORD, totp: '123456' }),
      await client.get('/v1/auth/passkeys/options'),
      await client.post('/v1/auth/recovery-codes'),
      await client.get('/v1/auth/me'),
    ];
    expect(answers.map(({ status, body }) => `${status} ${body.code ?? ''}`)).toEqual([
      '403 step_up_failed',
      '403 step_up_failed',
      '401 mfa_failed',
      '200 ',
      '409 factors_unreadable',
      '200 ',
    ]);
    const other = await harness.signIn((await harness.make.member(orgId, 'owner')).email);
    expect((await other.delete(`/v1/memberships/${membershipId}/factors`)).status).toBe(204);
    const again = await harness.signIn(email);
    await enrollPasskey(harness, again);
    expect((await again.get('/v1/auth/me')).status).toBe(200);
  });
});
