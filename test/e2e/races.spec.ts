import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/platform/clock/id.js';
import { bareVisit, RawSql, sessionSecret } from '../contract/raw-sql.js';
import { providerMetadata } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { ISOLATION_LEVELS, race, type Racer } from '../harness/races.js';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

type SignedIn = Member & { client: Client; secret: string };

async function signedIn(org: string, role: string): Promise<SignedIn> {
  const member = await harness.make.member(org, role);
  const client = await harness.signIn(member.email);
  return { ...member, client, secret: sessionSecret(client) };
}

async function twoOwners(): Promise<{ org: string; owners: [SignedIn, SignedIn] }> {
  const org = await harness.make.organization('workforce');
  return { org, owners: [await signedIn(org, 'owner'), await signedIn(org, 'owner')] };
}

/** A member with two sessions in two browsers. */
async function twoSessions(role = 'admin'): Promise<SignedIn & { org: string; secrets: [string, string] }> {
  const org = await harness.make.organization('workforce');
  const member = await signedIn(org, role);
  const other = harness.client();
  await other.post('/v1/auth/login', { email: member.email, password: 'Synthetic-Test-1' });
  return { ...member, org, secrets: [member.secret, sessionSecret(other)] };
}

/** Fails with 22P02 if the function returns another state. */
const succeedsWith = (state: string, call: string) => `SELECT nullif(${call}, '${state}')::boolean`;
const sealed = `decode(repeat('00', 61), 'hex')`;
const addTotp = (user: string) =>
  `INSERT INTO app_private.totp_factors (user_id, sealed, proof_hash, confirmed_at)
     VALUES ('${user}', ${sealed}, sha256(''), now())`;
const addPasskeys = (user: string, many: number) =>
  `INSERT INTO app_private.passkeys (id, user_id, name, credential_id, public_key, counter, transports, backed_up,
       sealed, proof_hash)
     SELECT gen_random_uuid(), '${user}', 'Key', uuid_send(gen_random_uuid()), ${sealed}, 0, '{}', false, ${sealed},
       sha256('') FROM generate_series(1, ${many})`;
const passkeyOf = async (user: string) =>
  (
    await harness.database.superuser<{ id: string }>('SELECT id FROM app_private.passkeys WHERE user_id = $1 LIMIT 1', [
      user,
    ])
  )[0]!.id;
const newPasskey = (secret: string) =>
  `SELECT app.add_passkey('${secret}', sha256('${newId()}'), gen_random_uuid(), jsonb_build_object('name', 'New',
     'credential_id', uuid_send(gen_random_uuid()), 'public_key', ${sealed}, 'counter', 0, 'transports', '{}'::text[],
     'backed_up', false, 'sealed', ${sealed}, 'proof_hash', sha256('')))`;

interface Race {
  racers: readonly [Racer, Racer];
  /** Selects rows if the guarantee is broken. */
  broken: string;
  /** The number of changes that may be committed. Default: one. */
  committed?: number;
}

const RACES: Record<string, () => Promise<Race>> = {
  'an organization keeps an owner when two owners demote themselves': async () => {
    const { org, owners } = await twoOwners();
    const demote = ({ secret, membershipId }: SignedIn) => ({
      secret,
      change: `UPDATE memberships SET role = 'admin' WHERE org_id = '${org}' AND id = '${membershipId}'`,
    });
    return {
      racers: [demote(owners[0]), demote(owners[1])],
      broken: `SELECT FROM organizations WHERE id = '${org}' AND NOT EXISTS (SELECT FROM memberships m
        WHERE m.org_id = '${org}' AND m.role = 'owner' AND m.status = 'active')`,
    };
  },
  'an organization keeps a member who can manage members when one owner leaves and one loses the permission':
    async () => {
      const { org, owners } = await twoOwners();
      const [{ secret, membershipId }, other] = owners;
      return {
        racers: [
          {
            secret,
            change: `UPDATE memberships SET status = 'ended' WHERE org_id = '${org}' AND id = '${membershipId}'`,
          },
          {
            secret: other.secret,
            change: `INSERT INTO member_overrides
              VALUES ('${org}', '${other.membershipId}', 'membership:update', 'none')`,
          },
        ],
        broken: `SELECT FROM organizations WHERE id = '${org}' AND NOT EXISTS (SELECT FROM memberships m
          WHERE m.org_id = '${org}' AND m.status = 'active' AND m.grants ->> 'membership:update' = 'org')`,
      };
    },
  'a connection has at most two SCIM tokens': async () => {
    const { org, owners } = await twoOwners();
    const { body } = await owners[0].client.post('/v1/sso/connections', {
      name: 'Synthetic',
      metadata: await providerMetadata(),
      defaultRole: 'viewer',
    });
    await owners[0].client.post(`/v1/sso/connections/${body.id}/scim-tokens`, { expiresInDays: 30 });
    const add = ({ secret }: SignedIn) => ({
      secret,
      change: `INSERT INTO scim_tokens (org_id, id, connection_id, prefix, secret_hash, expires_at)
        VALUES ('${org}', gen_random_uuid(), '${body.id}', 'vs_scim_abcdef', sha256('${newId()}'),
          now() + interval '1 day')`,
    });
    return {
      racers: [add(owners[0]), add(owners[1])],
      broken: `SELECT FROM scim_tokens WHERE connection_id = '${body.id}' HAVING count(*) > 2`,
    };
  },
  'a connection id belongs to one organization': async () => {
    const [one, two] = [await twoOwners(), await twoOwners()];
    const id = newId();
    const add = ({ org, owners }: typeof one) => ({
      secret: owners[0].secret,
      change: `INSERT INTO sso_connections (org_id, id, name, protocol, idp_entity_id, idp_sso_url, idp_certificates,
          db_secret_enc, db_secret_hash)
        VALUES ('${org}', '${id}', 'x', 'saml', 'x', 'https://x.example', '{x}', '', sha256(''))`,
    });
    return {
      racers: [add(one), add(two)],
      broken: `SELECT FROM sso_connections WHERE id = '${id}' HAVING count(*) > 1`,
    };
  },
  'a domain is verified by one organization': async () => {
    const [one, two] = [await harness.make.organization('workforce'), await harness.make.organization('workforce')];
    const domain = `${newId()}.example`;
    for (const org of [one, two])
      await harness.database.superuser(
        `INSERT INTO sso_domains (org_id, id, domain, token) VALUES ($1, gen_random_uuid(), $2, repeat('x', 20))`,
        [org, domain],
      );
    const verify = (worker: string) => ({
      worker,
      change: `UPDATE sso_domains SET verified_at = now() WHERE org_id = '${worker}' AND domain = '${domain}'`,
    });
    return {
      racers: [verify(one), verify(two)],
      broken: `SELECT FROM sso_domains WHERE domain = '${domain}' AND verified_at IS NOT NULL HAVING count(*) > 1`,
    };
  },
  'a user has at most ten passkeys': async () => {
    const { userId, secrets } = await twoSessions();
    await harness.database.superuser(addPasskeys(userId, 9));
    return {
      racers: [
        { secret: secrets[0], change: newPasskey(secrets[0]) },
        { secret: secrets[1], change: newPasskey(secrets[1]) },
      ],
      broken: `SELECT FROM app_private.passkeys WHERE user_id = '${userId}' HAVING count(*) > 10`,
    };
  },
  'a user keeps a factor if the organization requires MFA': async () => {
    const { org, userId, secrets } = await twoSessions();
    await harness.database.superuser(addTotp(userId));
    await harness.database.superuser(addPasskeys(userId, 1));
    await harness.database.superuser('UPDATE organizations SET require_mfa = true WHERE id = $1', [org]);
    return {
      racers: [
        { secret: secrets[0], change: `SELECT app.delete_totp('${secrets[0]}')` },
        {
          secret: secrets[1],
          change: `SELECT app.delete_passkey('${secrets[1]}', '${await passkeyOf(userId)}')`,
        },
      ],
      broken: `SELECT FROM users u WHERE u.id = '${userId}' AND NOT app_private.has_factor(u.id)`,
    };
  },
  'a user without a factor has no recovery codes': async () => {
    const { userId, secrets } = await twoSessions();
    await harness.database.superuser(addTotp(userId));
    return {
      racers: [
        { secret: secrets[0], change: `SELECT app.delete_totp('${secrets[0]}')` },
        {
          secret: secrets[1],
          change: `SELECT app.set_recovery_codes('${secrets[1]}', ARRAY['\\x0000000000000000'::bytea],
            ARRAY[decode(repeat('00', 16), 'hex')], ARRAY[sha256('')])`,
        },
      ],
      broken: `SELECT FROM app_private.recovery_codes r WHERE r.user_id = '${userId}'`,
    };
  },
  'a reset of factors removes a passkey that the member adds in parallel': async () => {
    const { org, userId, membershipId, secrets } = await twoSessions('viewer');
    const owner = await signedIn(org, 'owner');
    return {
      racers: [
        { secret: secrets[0], change: newPasskey(secrets[0]) },
        { secret: owner.secret, change: `SELECT app.reset_factors('${membershipId}')` },
      ],
      broken: `SELECT FROM app_private.passkeys WHERE user_id = '${userId}'`,
      committed: 2,
    };
  },
  'a member does not get a role that is deleted in parallel': async () => {
    const { org, owners } = await twoOwners();
    const viewer = await signedIn(org, 'viewer');
    await owners[0].client.post('/v1/roles', { key: 'auditor', name: 'Auditor' });
    return {
      racers: [
        { secret: owners[0].secret, change: `DELETE FROM roles WHERE org_id = '${org}' AND key = 'auditor'` },
        {
          secret: owners[1].secret,
          change: `UPDATE memberships SET role = 'auditor' WHERE org_id = '${org}' AND id = '${viewer.membershipId}'`,
        },
      ],
      broken: `SELECT FROM memberships m WHERE m.org_id = '${org}' AND m.role = 'auditor'`,
    };
  },
  'a role is not deleted while a member gets it': async () => {
    const { org, owners } = await twoOwners();
    const viewer = await signedIn(org, 'viewer');
    await owners[0].client.post('/v1/roles', { key: 'auditor', name: 'Auditor' });
    return {
      racers: [
        {
          secret: owners[1].secret,
          change: `UPDATE memberships SET role = 'auditor' WHERE org_id = '${org}' AND id = '${viewer.membershipId}'`,
        },
        { secret: owners[0].secret, change: `DELETE FROM roles WHERE org_id = '${org}' AND key = 'auditor'` },
      ],
      broken: `SELECT FROM memberships m WHERE m.org_id = '${org}' AND m.role = 'auditor'
        AND NOT EXISTS (SELECT FROM roles r WHERE r.org_id = m.org_id AND r.key = m.role)`,
    };
  },
  'an API key has one successor': async () => {
    const { org, client, secrets } = await twoSessions('owner');
    const { body } = await client.post('/v1/api-keys', {
      name: 'Synthetic',
      permissions: ['membership:read'],
      expiresInDays: 1,
    });
    const rotate = (secret: string) => ({
      secret,
      change: succeedsWith(
        'ok',
        `app.rotate_api_key('${body.id}', gen_random_uuid(), 'vs_abcdef', sha256('${newId()}'), 0)`,
      ),
    });
    return {
      racers: [rotate(secrets[0]), rotate(secrets[1])],
      broken: `SELECT FROM api_keys WHERE org_id = '${org}' AND rotated_from IS NOT NULL HAVING count(*) > 1`,
    };
  },
  'a member has one access grant in force': async () => {
    const { org, owners } = await twoOwners();
    const viewer = await signedIn(org, 'viewer');
    const requests = await harness.database.superuser<{ id: string }>(
      `INSERT INTO access_grants (org_id, id, membership_id, scopes, reason, minutes, requested_by)
       SELECT $1, gen_random_uuid(), $2, '{"membership:read": "org"}', 'Synthetic reason', 30, $2
         FROM generate_series(1, 2) RETURNING id`,
      [org, viewer.membershipId],
    );
    const approve = ({ secret }: SignedIn, i: number) => ({
      secret,
      change: succeedsWith('approved', `app.decide_access_grant('${requests[i]!.id}', true, gen_random_uuid())`),
    });
    return {
      racers: [approve(owners[0], 0), approve(owners[1], 1)],
      broken: `SELECT FROM access_grants WHERE org_id = '${org}' AND state = 'approved' HAVING count(*) > 1`,
    };
  },
  'a person gets one account when two first sign-ins arrive at once': async () => {
    const { org, owners } = await twoOwners();
    const { body } = await owners[0].client.post('/v1/sso/connections', {
      name: 'Synthetic',
      metadata: await providerMetadata(),
      defaultRole: 'viewer',
    });
    await harness.database.superuser(`UPDATE sso_connections SET db_secret_hash = sha256('\\x01') WHERE id = $1`, [
      body.id,
    ]);
    const signIn = () => ({
      change: succeedsWith(
        'known',
        `replace((app.sso_sign_in('${body.id}', '\\x01', 'subject', 'new-${org}@test.example', 'Synthetic', 'viewer',
           gen_random_uuid(), gen_random_uuid(), NULL, 'infinity', ${bareVisit(`sha256('${newId()}')`)}, '{}')).state,
           'provisioned', 'known')`,
      ),
    });
    return {
      racers: [signIn(), signIn()],
      broken: `SELECT FROM users WHERE email = 'new-${org}@test.example' HAVING count(*) > 1`,
      committed: 2,
    };
  },
  'an address gets three reset mails in an hour': async () => {
    const email = `${newId()}@test.example`;
    const change = `SELECT app.request_password_reset('${email}')`;
    const raw = await RawSql.open(harness.env['DATABASE_URL']!);
    await raw.client.query(change);
    await raw.client.query(change);
    await raw.end();
    return {
      racers: [{ change }, { change }],
      broken: `SELECT FROM app_private.account_mails WHERE address = '${email}' HAVING count(*) > 3`,
      committed: 2,
    };
  },
  'a user has at most five sessions': async () => {
    const { email, userId } = await twoSessions();
    await harness.database.superuser(
      `UPDATE app_private.credentials SET verifier = sha256('\\x01') WHERE user_id = $1`,
      [userId],
    );
    await harness.database.superuser(
      `INSERT INTO sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at)
       SELECT org_id, gen_random_uuid(), membership_id, user_id, uuid_send(gen_random_uuid()), method, expires_at
         FROM sessions, generate_series(1, 3) WHERE id = (SELECT id FROM sessions WHERE user_id = $1 LIMIT 1)`,
      [userId],
    );
    const raw = await RawSql.open(harness.env['DATABASE_URL']!);
    for (let i = 0; i < 2; i += 1) await raw.client.query('SELECT app.begin_sign_in($1)', [email]);
    await raw.end();
    const signIn = () => ({
      change: succeedsWith(
        'ok',
        `(app.complete_sign_in('${email}', '\\x01', ${bareVisit(`sha256('${newId()}')`)})).state`,
      ),
    });
    return {
      racers: [signIn(), signIn()],
      broken: `SELECT FROM sessions WHERE user_id = '${userId}' AND revoked_at IS NULL HAVING count(*) > 5`,
      committed: 2,
    };
  },
};

describe.each(ISOLATION_LEVELS.slice(1))('a transaction at %s', (isolation) => {
  it('can read after it has entered, but neither write nor become writable', async () => {
    const { org, owners } = await twoOwners();
    const raw = await RawSql.open(harness.env['DATABASE_URL']!);
    await raw.enter(owners[0].secret, isolation);
    expect((await raw.attempt('SELECT 1 FROM memberships')).rows).toHaveLength(2);
    for (const statement of [
      'SET TRANSACTION READ WRITE',
      'SET LOCAL transaction_read_only = off',
      'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
    ])
      expect([statement, (await raw.attempt(statement)).code]).toEqual([statement, '25001']);
    const change = `UPDATE organizations SET name = 'Changed' WHERE id = '${org}'`;
    expect((await raw.attempt(change)).code).toBe('25006');
    await raw.end();
  });
});

it('a request changes data also if the role has another isolation level by default', async () => {
  const { owners } = await twoOwners();
  const name = new URL(harness.env['DATABASE_URL']!).pathname.slice(1);
  await harness.database.superuser(`ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
  await harness.database.superuser(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND usename = 'vouchsafe_app'`,
  );
  const answer = await owners[0].client.patch('/v1/organizations/current', { name: 'Changed' });
  await harness.database.superuser(`ALTER DATABASE ${name} RESET default_transaction_isolation`);
  expect(answer.status).toBe(200);
});

describe.each(ISOLATION_LEVELS)('at %s', (isolation) => {
  it.each(Object.keys(RACES))('%s', async (name) => {
    const { racers, broken, committed = 1 } = await RACES[name]!();
    const codes = await race(harness, racers, isolation);
    expect(await harness.database.superuser(broken)).toEqual([]);
    // At the other levels, the tenant context can only read.
    if (isolation === 'READ COMMITTED') expect(codes.filter((code) => code === null)).toHaveLength(committed);
    else expect(codes).toEqual(['25006', '25006']);
  });
});
