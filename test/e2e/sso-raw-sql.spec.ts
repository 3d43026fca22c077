import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { providerMetadata } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';

let harness: Harness;
let raw: RawSql;
let director: Client;
let member: Member;
let connection: string;

beforeAll(async () => {
  harness = await Harness.start();
  const org = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  member = await harness.make.member(org, 'mentor');
  connection = (
    await director.post('/v1/sso/connections', {
      name: 'Synthetic',
      metadata: await providerMetadata(),
      defaultRole: 'mentor',
    })
  ).body.id as string;
  raw = await RawSql.open(harness.env.DATABASE_URL!);
});
afterAll(async () => {
  await raw.end();
  await harness.stop();
});

describe("SQL as the application's role", () => {
  it.each(["db_secret_hash = sha256('known')", "db_secret_enc = '\\x00'", 'tested_at = now()', "protocol = 'oidc'"])(
    'cannot change the fields that authenticate a connection: %s',
    async (change) => {
      await raw.enter(sessionSecret(director));
      expect((await raw.attempt(`UPDATE sso_connections SET ${change} WHERE id = $1`, [connection])).code).toBe(
        '42501',
      );
      await raw.rollback();
    },
  );

  it("gains no identity from a test sign-in, even with the connection's secret", async () => {
    await harness.database.superuser(`UPDATE sso_connections SET db_secret_hash = sha256('known') WHERE id = $1`, [
      connection,
    ]);
    await raw.client.query('BEGIN');
    const { rows } = await raw.attempt(`SELECT passed FROM app.sso_test_passed($1, 'known', $2)`, [
      connection,
      member.membershipId,
    ]);
    expect(rows).toEqual([{ passed: true }]);
    expect((await raw.attempt('SELECT app.user_id() AS user, app.org_id() AS org')).rows).toEqual([
      { user: null, org: null },
    ]);
    await raw.rollback();
  });

  it("writes only failed attempts to the connection's attempt log and audit log, and never as a user", async () => {
    const enter = () => raw.client.query(`BEGIN; SELECT app.enter_sso_log('${connection}')`);
    const trace = (accepted: boolean) =>
      raw.attempt('SELECT app.trace_sso_attempt($1, $2, NULL)', [
        connection,
        JSON.stringify({
          id: '01900000-0000-7000-8000-00000000ffff',
          accepted,
          attributes: [],
          request_id: 'x',
          issuer: 'forged',
        }),
      ]);
    await enter();
    expect((await trace(true)).code).toBe('42501');
    await raw.rollback();
    await enter();
    expect((await trace(false)).code).toBeNull();
    await raw.rollback();
    await enter();
    const insertEvent = (actor: string) =>
      raw.attempt(
        `INSERT INTO audit_events (org_id, id, type, outcome, actor_type, actor_id, request_id, canonical,
           private_digest, occurred_at)
       SELECT app.audit_org_id(), gen_random_uuid(), 'auth.sign_in_failed', 'failure', $1, $2, 'x', '\\x00',
         sha256('x'), now()`,
        [actor, member.userId],
      );
    expect([(await insertEvent('user')).code, (await insertEvent('anonymous')).code]).toEqual(['42501', null]);
    await raw.rollback();
  });

  it('cannot add a user whom only another organization knows', async () => {
    const elsewhere = await harness.make.organization('gme');
    await harness.database.superuser(
      `INSERT INTO users (id, email, scoped_org_id) VALUES ('01900000-0000-7000-8000-00000000aaaa',
         'confined@test.example', $1)`,
      [elsewhere],
    );
    await raw.enter(sessionSecret(director));
    expect(
      (
        await raw.attempt(
          `INSERT INTO memberships (org_id, id, user_id, name, role)
             VALUES (app.org_id(), gen_random_uuid(), '01900000-0000-7000-8000-00000000aaaa', 'Synthetic', 'trainee')`,
        )
      ).code,
    ).toBe('42501');
    await raw.rollback();
  });
});
