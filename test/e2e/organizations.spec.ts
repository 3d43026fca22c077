import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createUser } from '../../src/cli/organizations.js';
import { OrganizationService } from '../../src/modules/tenancy/index.js';
import { newId } from '../../src/platform/clock/id.js';
import { RawSql, bareVisit, sessionSecret } from '../contract/raw-sql.js';
import { providerMetadata } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';

const CURRENT = '/v1/organizations/current';
const SIGN_IN = `${CURRENT}/sign-in`;

let harness: Harness;
let orgId: string;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start();
  [orgId, , director] = await createTenant();
});
afterAll(() => harness.stop());

async function createTenant(): Promise<[orgId: string, member: Member, client: Client]> {
  const org = await harness.make.organization('gme');
  const member = await harness.make.member(org, 'program_director');
  return [org, member, await harness.signIn(member.email)];
}

const login = (email: string, password = Factories.PASSWORD) =>
  harness.client().post('/v1/auth/login', { email, password });
const statusAndCode = ({ status, body }: Answer) => [status, body.code];
const withoutId = ({ status, body }: Answer) => ({ ...body, status, requestId: null });
const set = (column: string, value: unknown, org = orgId) =>
  harness.database.superuser(`UPDATE organizations SET ${column} = $2 WHERE id = $1`, [org, value]);
const auditEvents = (type: string, org = orgId) =>
  harness.database.superuser<{ meta: object }>(
    'SELECT meta FROM audit_events WHERE org_id = $1 AND type = $2 ORDER BY occurred_at, id',
    [org, type],
  );

describe('the settings of an organization', () => {
  it('are read and changed by administrators, and the audit log names the fields', async () => {
    const changes = {
      name: 'Synthetic Renamed',
      idleMinutes: 30,
      sessionHours: 8,
      postalAddress: '1 Example Street\nExampletown',
    };
    expect((await director.patch(CURRENT, changes)).body).toMatchObject(changes);
    expect(
      (await director.patch(CURRENT, { postalAddress: null, idleMinutes: 15, sessionHours: 12 })).body,
    ).toMatchObject({ postalAddress: null, name: changes.name });
    expect((await director.get(CURRENT)).body).toMatchObject({
      allowedSignIn: ['password', 'passkey', 'saml', 'oidc'],
      requireSso: false,
      institutionId: null,
      institutionSignIn: false,
    });
    expect(await auditEvents('organization.updated')).toEqual([
      { meta: { fields: Object.keys(changes) } },
      { meta: { fields: ['postalAddress', 'idleMinutes', 'sessionHours'] } },
    ]);
  });

  it('reject unknown and invalid values', async () => {
    const wrong: [string, object][] = [
      [CURRENT, { idleMinutes: 20 }],
      [CURRENT, { sessionHours: 169 }],
      [CURRENT, { postalAddress: 'x'.repeat(501) }],
      [CURRENT, { name: null }],
      [CURRENT, { status: 'active' }],
      [CURRENT, { requireSso: false }],
      [SIGN_IN, { allowedSignIn: [] }],
      [SIGN_IN, { allowedSignIn: ['carrier-pigeon'] }],
      [SIGN_IN, { allowedSignIn: ['saml', 'saml'] }],
      [SIGN_IN, { requireSso: 1 }],
      [SIGN_IN, { name: 'x' }],
    ];
    for (const [path, body] of wrong) expect([body, (await director.patch(path, body)).status]).toEqual([body, 400]);
  });

  it.each([
    [15, 14.9, 15.1],
    [30, 29.9, 30.1],
    [10_080, 10_079, 10_081],
  ])('let a session with %d idle minutes live for that long', async (idleMinutes, within, beyond) => {
    const [org, , client] = await createTenant();
    await set('session_hours', 168, org);
    expect((await client.patch(CURRENT, { idleMinutes })).status).toBe(200);
    const idle = (minutes: number) =>
      harness.database.superuser(
        'UPDATE sessions SET last_seen_at = now() - make_interval(secs => $2::float8 * 60) WHERE org_id = $1',
        [org, minutes],
      );
    await idle(within);
    expect((await client.get(CURRENT)).status).toBe(200);
    await idle(beyond);
    expect(statusAndCode(await client.get(CURRENT))).toEqual([401, 'session_expired']);
  });

  it('about sign-in require a recent sign-in', async () => {
    harness.advance(16 * 60);
    try {
      expect(statusAndCode(await director.patch(SIGN_IN, { requireSso: false }))).toEqual([403, 'step_up_required']);
      expect((await director.patch(CURRENT, { idleMinutes: 15 })).status).toBe(200);
    } finally {
      harness.advance(-16 * 60);
    }
    expect((await director.patch(SIGN_IN, { requireSso: false })).status).toBe(200);
    expect(await auditEvents('organization.sign_in_policy_updated')).toEqual([{ meta: { fields: ['requireSso'] } }]);
  });

  it('are rejected exactly when they would lock out the caller', async () => {
    await harness.database.superuser(
      `INSERT INTO sso_connections (org_id, id, name, protocol, idp_entity_id, idp_sso_url, idp_certificates,
         db_secret_enc, db_secret_hash, tested_at)
       VALUES ($1, gen_random_uuid(), 'Tested', 'saml', 'x', 'https://idp.test.example', '{x}', '', sha256('x'),
         now())`,
      [orgId],
    );
    for (const allowedSignIn of [['password', 'saml'], ['password'], ['saml']]) {
      for (const requireSso of [false, true]) {
        for (const requireMfa of [false, true]) {
          const settings = { allowedSignIn, requireSso, requireMfa };
          const before = (await director.get(CURRENT)).body;
          const answer = await director.patch(SIGN_IN, settings);
          if (answer.status === 409) expect((await director.get(CURRENT)).body).toEqual(before);
          await set('allowed_sign_in', allowedSignIn);
          await set('require_sso', requireSso);
          await set('require_mfa', requireMfa);
          const open = (await director.get(CURRENT)).status === 200;
          expect([settings, ...statusAndCode(answer)]).toEqual([
            settings,
            ...(open
              ? [200, undefined]
              : [
                  409,
                  requireSso && !allowedSignIn.includes('saml') ? 'sso_connection_not_tested' : 'would_lock_you_out',
                ]),
          ]);
          await set('allowed_sign_in', ['password', 'saml']);
          await set('require_sso', false);
          await set('require_mfa', false);
        }
      }
    }
  });

  it("can be changed by raw SQL only within the member's permissions", async () => {
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    const admin = await harness.make.member(orgId, 'program_director');
    await director.put(`/v1/memberships/${admin.membershipId}/permissions/organization:update-sign-in`, {
      scope: 'none',
    });
    const attempts = async (client: Client) => {
      await raw.enter(sessionSecret(client));
      const outcomes = [];
      for (const change of [
        `name = 'Raw'`,
        'require_sso = true',
        `allowed_sign_in = '{saml}'`,
        'require_mfa = true',
        'institution_sign_in = true',
        `status = 'suspended'`,
        'institution_id = id',
      ]) {
        const { code, rowCount } = await raw.attempt(`UPDATE organizations SET ${change}`);
        outcomes.push(code ?? rowCount);
      }
      await raw.rollback();
      return outcomes;
    };
    try {
      expect(await attempts(await harness.signIn((await harness.make.member(orgId, 'mentor')).email))).toEqual([
        0,
        0,
        0,
        0,
        0,
        '42501',
        '42501',
      ]);
      expect(await attempts(await harness.signIn(admin.email))).toEqual([
        1,
        '42501',
        '42501',
        '42501',
        '42501',
        '42501',
        '42501',
      ]);
      // the organization has no institution
      expect(await attempts(director)).toEqual([1, 1, 1, 1, '23514', '42501', '42501']);
    } finally {
      await raw.end();
    }
  });
});

describe('each required action has its own error code in a live session:', () => {
  const CODES: [string, (m: Member) => Promise<unknown>, (m: Member) => Promise<unknown>][] = [
    [
      'password_change_required',
      ({ userId }) =>
        harness.database.superuser('UPDATE users SET must_change_password = true WHERE id = $1', [userId]),
      ({ userId }) =>
        harness.database.superuser('UPDATE users SET must_change_password = false WHERE id = $1', [userId]),
    ],
    ['mfa_enrollment_required', () => set('require_mfa', true), () => set('require_mfa', false)],
    ['sso_required', () => set('require_sso', true), () => set('require_sso', false)],
    [
      'sign_in_method_not_allowed',
      () => set('allowed_sign_in', ['saml']),
      () => set('allowed_sign_in', ['password', 'saml']),
    ],
    ['organization_suspended', () => set('status', 'suspended'), () => set('status', 'active')],
    [
      'membership_ended',
      ({ membershipId }) =>
        harness.database.superuser(`UPDATE memberships SET status = 'ended' WHERE id = $1`, [membershipId]),
      ({ membershipId }) =>
        harness.database.superuser(`UPDATE memberships SET status = 'active' WHERE id = $1`, [membershipId]),
    ],
  ];

  it.each(CODES)('%s', async (code, close, open) => {
    const member = await harness.make.member(orgId, 'program_director');
    const client = await harness.signIn(member.email);
    expect((await client.patch(CURRENT, { idleMinutes: 15 })).status).toBe(200);
    await close(member);
    expect(statusAndCode(await client.patch(CURRENT, { idleMinutes: 15 }))).toEqual([403, code]);
    const outside = ['organization_suspended', 'membership_ended'].includes(code);
    expect((await client.get(CURRENT)).status).toBe(code === 'password_change_required' ? 200 : 403);
    // this session can still read its own state
    expect((await client.get('/v1/auth/me')).status).toBe(outside ? 403 : 200);
    await open(member);
    expect((await client.patch(CURRENT, { idleMinutes: 15 })).status).toBe(200);
  });
});

describe('an organization without password sign-in', () => {
  it('rejects a correct password with the response to a wrong one', async () => {
    const { email } = await harness.make.member(orgId, 'mentor');
    const wrong = await login(email, 'Wrong-Password-1');
    await set('allowed_sign_in', ['saml']);
    expect(withoutId(await login(email))).toEqual(withoutId(wrong));
    await set('allowed_sign_in', ['password', 'saml']);
    expect((await login(email)).status).toBe(200);
  });

  it('is skipped in favor of another organization of the user that allows passwords', async () => {
    const other = await harness.make.organization('gme');
    const { email } = await harness.make.member(orgId, 'mentor');
    await harness.make.member(other, 'mentor', { email });
    for (const [column, closed, opened] of [
      ['allowed_sign_in', ['saml'], ['password', 'saml']],
      ['require_sso', true, false],
    ] as const) {
      expect((await login(email)).body.organizationId).toBe(orgId);
      await set(column, closed);
      expect((await login(email)).body.organizationId).toBe(other);
      await set(column, opened);
      await harness.database.superuser('DELETE FROM sessions WHERE org_id = $1', [other]);
    }
  });

  it('hides its SAML connection when SAML is not allowed', async () => {
    const connection = await harness.operator.within(orgId, async () =>
      harness.operator.app
        .get(SsoSetupService)
        .create({ name: 'Test', metadata: await providerMetadata(), groupRoles: [], defaultRole: 'mentor' }),
    );
    const start = () => harness.client().get(`/v1/sso/saml/${connection.id}/login`);
    expect((await start()).status).toBe(302);
    await set('allowed_sign_in', ['password']);
    expect(withoutId(await start())).toEqual(withoutId(await harness.client().get(`/v1/sso/saml/${newId()}/login`)));
    await set('allowed_sign_in', ['password', 'saml']);
  });
});

it('a verified assertion opens no session without SAML or during a suspension', async () => {
  const [org] = await createTenant();
  const { id } = await harness.operator.within(org, async () =>
    harness.operator.app
      .get(SsoSetupService)
      .create({ name: 'Test', metadata: await providerMetadata(), groupRoles: [], defaultRole: 'mentor' }),
  );
  await harness.database.superuser(`UPDATE sso_connections SET db_secret_hash = sha256('secret') WHERE id = $1`, [id]);
  const raw = await RawSql.open(harness.env.DATABASE_URL!);
  const ssoSignIn = async () => {
    await raw.client.query('BEGIN');
    const { rows } = await raw.attempt(
      `SELECT state FROM app.sso_sign_in($1, 'secret', 'subject', 'somebody@test.example', 'Somebody', 'mentor',
      gen_random_uuid(), gen_random_uuid(), NULL, 'infinity', ${bareVisit("sha256('x')")}, '{}')`,
      [id],
    );
    await raw.rollback();
    return rows[0]!.state;
  };
  expect(await ssoSignIn()).toBe('provisioned');
  for (const [column, closed, opened] of [
    ['allowed_sign_in', ['password'], ['password', 'saml']],
    ['status', 'suspended', 'active'],
  ] as const) {
    await set(column, closed, org);
    expect(await ssoSignIn()).toBe('connection_rejected');
    await set(column, opened, org);
  }
  await raw.end();
});

describe('operators', () => {
  it('rename an organization and add members who must change their password', async () => {
    await harness.operator.within(orgId, () =>
      harness.operator.app.get(OrganizationService).update({ name: 'Synthetic Operators' }),
    );
    expect((await director.get(CURRENT)).body.name).toBe('Synthetic Operators');
    const email = `first-${newId()}@test.example`;
    await createUser(harness.operator, {
      email,
      org: orgId,
      role: 'program_director',
      password: Factories.PASSWORD,
      mustChange: true,
    });
    expect(statusAndCode(await (await harness.signIn(email)).patch(CURRENT, { idleMinutes: 15 }))).toEqual([
      403,
      'password_change_required',
    ]);
  });
});
