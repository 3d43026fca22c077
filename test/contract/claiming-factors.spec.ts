import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from '@jest/globals';
import { Passwords } from '../../src/modules/auth/passwords/passwords.js';
import { sha256 } from '../../src/platform/crypto/index.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { enrollPasskey, enrollTotp } from '../harness/factors.js';
import { Factories, type Member } from '../harness/factories.js';
import { RawSql, sessionSecret } from './raw-sql.js';

let harness: Harness;
let raw: RawSql;
let victim: Member & { client: Client; credential: Buffer };
let thief: Member & { client: Client };

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  const org = await harness.make.organization('gme');
  const [one, two] = [await harness.make.member(org, 'mentor'), await harness.make.member(org, 'program_director')];
  victim = { ...one, client: await harness.signIn(one.email), credential: Buffer.alloc(0) };
  victim.credential = (await enrollPasskey(harness, victim.client)).authenticator.id;
  await enrollTotp(victim.client);
  thief = { ...two, client: await harness.signIn(two.email) };
});
afterAll(() => harness.stop());
beforeEach(async () => {
  raw = await RawSql.open(harness.env.DATABASE_URL!);
});
afterEach(() => raw.end());

const TABLES = ['user_keys', 'totp_factors', 'passkeys', 'recovery_codes', 'remembered_devices', 'pending_sign_ins'];
const newSession = () =>
  JSON.stringify({
    id: crypto.randomUUID(),
    secret_hash: `\\x${randomBytes(32).toString('hex')}`,
    ip: null,
    user_agent: null,
  });
const NEW_SESSION = (n: number) => `jsonb_populate_record(NULL::app.new_session, $${n}::jsonb)`;
const presentedFactor = (fields: object) =>
  JSON.stringify({ proof: `\\x${randomBytes(32).toString('hex')}`, ...fields });
const PRESENTED_FACTOR = (n: number) => `jsonb_populate_record(NULL::app.presented_factor, $${n}::jsonb)`;
const CLAIMS = () => [
  presentedFactor({ kind: 'totp', step: 99_999_999 }),
  presentedFactor({ kind: 'recovery-code', lookup: '\\x0000000000000000' }),
  presentedFactor({ kind: 'password' }),
  presentedFactor({ kind: null }),
  presentedFactor({ kind: 'passkey', credential_id: `\\x${victim.credential.toString('hex')}`, counter: 99_999 }),
  presentedFactor({ kind: 'totp', step: 99_999_999, proof: null }),
  presentedFactor({
    kind: 'passkey',
    credential_id: `\\x${victim.credential.toString('hex')}`,
    counter: 99_999,
    proof: null,
  }),
  null,
];
const factorsOf = async ({ userId }: Member) =>
  harness.database.superuser(
    `SELECT (SELECT jsonb_agg(t ORDER BY t.user_id) FROM app_private.totp_factors t WHERE t.user_id = $1) AS totp,
       (SELECT jsonb_agg(p ORDER BY p.id) FROM app_private.passkeys p WHERE p.user_id = $1) AS passkeys,
          (SELECT jsonb_agg(r ORDER BY r.lookup) FROM app_private.recovery_codes r WHERE r.user_id = $1) AS codes`,
    [userId],
  );

/** Returns the secret of the victim's pending sign-in, which a thief of the password can start. */
async function stolenSignIn(): Promise<string> {
  const client = harness.client();
  await client.post('/v1/auth/login', { email: victim.email, password: Factories.PASSWORD });
  return /pending=([^;]+)/.exec(client.cookieHeader)![1]!;
}

describe("SQL as the application's role", () => {
  it.each(TABLES)('cannot read or write %s, even in a session', async (table) => {
    await raw.enter(sessionSecret(victim.client));
    for (const statement of [
      `SELECT * FROM app_private.${table}`,
      `UPDATE app_private.${table} SET user_id = user_id`,
      `DELETE FROM app_private.${table}`,
      `COPY app_private.${table} TO STDOUT`,
    ]) {
      expect([statement, (await raw.attempt(statement)).code]).toEqual([statement, '42501']);
    }
  });

  it('cannot claim a factor without proof after a correct password', async () => {
    const secret = await stolenSignIn();
    for (const claim of CLAIMS().slice(0, 4)) {
      expect(
        (await raw.outcome('SELECT state FROM app.begin_reauthentication($1, NULL)', [secret])).rows[0]!['state'],
      ).toBe('go');
      const { rows } = await raw.outcome(
        `SELECT state FROM app.complete_mfa($1, ${PRESENTED_FACTOR(2)}, ${NEW_SESSION(3)}, NULL, NULL)`,
        [secret, claim, newSession()],
      );
      expect([claim, rows[0]!['state']]).toEqual([claim, 'refused']);
    }
    await harness.database.superuser('DELETE FROM app_private.sign_in_locks');
    for (const claim of CLAIMS().slice(4)) {
      await raw.outcome('SELECT state FROM app.begin_reauthentication($1, NULL)', [secret]);
      const { rows } = await raw.outcome(
        `SELECT state FROM app.complete_mfa($1, ${PRESENTED_FACTOR(2)}, ${NEW_SESSION(3)}, NULL, NULL)`,
        [secret, claim, newSession()],
      );
      expect([claim, rows[0]!['state']]).toEqual([claim, 'refused']);
    }
    await harness.database.superuser('DELETE FROM app_private.sign_in_locks');
  });

  it('verifies nothing without a reserved attempt, and reveals nothing without a pending sign-in', async () => {
    const secret = await stolenSignIn();
    const without = await raw.outcome(
      `SELECT state FROM app.complete_mfa($1, ${PRESENTED_FACTOR(2)}, ${NEW_SESSION(3)}, NULL, NULL)`,
      [secret, CLAIMS()[0], newSession()],
    );
    expect(without.rows[0]!['state']).toBe('expired');
    expect(
      (await raw.outcome('SELECT user_id FROM app.pending_factors($1)', ['x'.repeat(43)])).rows[0]!['user_id'],
    ).toBeNull();
  });

  it('compares one password per attempt, even in a session', async () => {
    const secret = sessionSecret(thief.client);
    await raw.enter(secret);
    const { rows } = await raw.attempt('SELECT salt FROM app.begin_reauthentication($1, NULL)', [secret]);
    const hashed = await new Passwords().hash(Factories.PASSWORD, rows[0]!['salt'] as Buffer);
    const provePassword = async (of: string) => {
      const outcome = await raw.attempt('SELECT app.prove_password($1, $2) AS state', [of, hashed]);
      return outcome.rows[0]?.['state'] ?? outcome.message;
    };
    expect([
      await provePassword(sessionSecret(victim.client)),
      await provePassword(secret),
      await provePassword(secret),
    ]).toEqual(['session_expired', 'ok', 'refused']);
  });

  it('gets an encrypted factor but no proof: the ciphertext does not contain the preimage of the digest', async () => {
    const { rows } = await raw.outcome('SELECT totp, wrapped FROM app.pending_factors($1)', [await stolenSignIn()]);
    const [stored] = await harness.database.superuser<{ proof_hash: Buffer }>(
      'SELECT proof_hash FROM app_private.totp_factors WHERE user_id = $1',
      [victim.userId],
    );
    const sealed = rows[0]!['totp'] as Buffer;
    for (let at = 0; at + 32 <= sealed.length; at += 1)
      expect(sha256(sealed.subarray(at, at + 32)).equals(stored!.proof_hash)).toBe(false);
  });

  it('opens no session with an unverified passkey signature', async () => {
    for (const claim of CLAIMS()) {
      const { rows, code } = await raw.outcome(
        `SELECT state, expires_at FROM app.passkey_sign_in(${PRESENTED_FACTOR(1)}, ${NEW_SESSION(2)})`,
        [claim, newSession()],
      );
      expect([claim, code, rows[0]!['state'], rows[0]!['expires_at']]).toEqual([claim, null, 'refused', null]);
    }
  });

  it("in another member's session changes none of the victim's factors and completes no step-up", async () => {
    const before = await factorsOf(victim);
    const secret = sessionSecret(victim.client);
    const calls: [string, unknown[]][] = [
      ['SELECT app.enroll_totp($1, $2, $3)', [secret, randomBytes(81), randomBytes(32)]],
      ['SELECT app.delete_totp($1)', [secret]],
      [`SELECT app.confirm_totp($1, ${PRESENTED_FACTOR(2)}, $3)`, [secret, CLAIMS()[0], randomBytes(32)]],
      ['SELECT app.rotate_session($1, $2)', [secret, randomBytes(32)]],
      [
        'SELECT app.set_recovery_codes($1, $2, $3, $4)',
        [secret, [randomBytes(8)], [randomBytes(16)], [randomBytes(32)]],
      ],
      [`SELECT app.complete_step_up($1, ${PRESENTED_FACTOR(2)}, $3)`, [secret, CLAIMS()[0], randomBytes(32)]],
      ['SELECT app.add_passkey($1, $2, gen_random_uuid(), $3)', [secret, randomBytes(32), '{}']],
    ];
    for (const [call, values] of calls) {
      await raw.enter(sessionSecret(thief.client));
      expect([call, (await raw.attempt(call, values)).message]).toEqual([call, 'session_expired']);
      await raw.client.query('COMMIT');
    }
    expect(await factorsOf(victim)).toEqual(before);
    expect((await victim.client.get('/v1/auth/me')).status).toBe(200);
  });

  it("in the victim's own session changes nothing without its secret", async () => {
    const before = await factorsOf(victim);
    await raw.enter(sessionSecret(victim.client));
    const guess = randomBytes(32).toString('base64url');
    for (const call of [
      'app.delete_totp($1)',
      "app.enroll_totp($1, '\\x00', sha256(''))",
      "app.set_recovery_codes($1, '{}', '{}', '{}')",
      "app.rotate_session($1, sha256(''))",
    ]) {
      expect([call, (await raw.attempt(`SELECT ${call}`, [guess])).message]).toEqual([call, 'session_expired']);
    }
    expect((await raw.attempt('UPDATE sessions SET second_factor_at = now()')).code).toBe('42501');
    expect((await raw.attempt('UPDATE sessions SET stepped_up_at = now()')).code).toBe('42501');
    expect((await raw.attempt('UPDATE organizations SET require_mfa = false')).rowCount).toBe(0);
    await raw.client.query('COMMIT');
    expect(await factorsOf(victim)).toEqual(before);
  });

  it('resets no factors without the permission, with an API key, or in another organization', async () => {
    const before = await factorsOf(victim);
    await raw.enter(sessionSecret(victim.client));
    expect((await raw.attempt('SELECT app.reset_factors($1)', [thief.membershipId])).code).toBe('42501');
    await raw.rollback();
    const { body: key } = await thief.client.post('/v1/api-keys', {
      name: 'x',
      permissions: ['membership:reset-factors'],
      expiresInDays: 1,
    });
    await raw.enterByKey(key.key as string);
    expect((await raw.attempt('SELECT app.reset_factors($1)', [victim.membershipId])).code).toBe('42501');
    await raw.rollback();
    expect((await raw.outcome('SELECT app.reset_factors($1) AS reset', [victim.membershipId])).code ?? 'nothing').toBe(
      'nothing',
    );
    expect(await factorsOf(victim)).toEqual(before);
    expect((await raw.outcome('SELECT app.sweep_sign_ins()')).code).toBe('42501');
  });

  it('changes no factors in an old session, even with its secret', async () => {
    await harness.database.superuser(
      `UPDATE sessions SET signed_in_at = signed_in_at - interval '32 minutes', stepped_up_at = NULL
         WHERE user_id = $1`,
      [victim.userId],
    );
    await raw.enter(sessionSecret(victim.client));
    for (const call of [
      'app.delete_totp($1)',
      "app.enroll_totp($1, '\\x00', sha256(''))",
      "app.set_recovery_codes($1, '{}', '{}', '{}')",
    ]) {
      expect([call, (await raw.attempt(`SELECT ${call}`, [sessionSecret(victim.client)])).message]).toEqual([
        call,
        'step_up_required',
      ]);
    }
    await raw.rollback();
  });
});
