import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resume, suspend } from '../../src/cli/organizations.js';
import { newId } from '../../src/platform/clock/id.js';
import { RawSql } from '../contract/raw-sql.js';
import { providerMetadata } from '../contract/fixtures.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';
import { deliver, personEvent } from '../harness/partner.js';
import { until } from '../harness/until.js';

const CURRENT = '/v1/organizations/current';

let harness: Harness;
let orgId: string;
let member: Member;

beforeAll(async () => {
  harness = await Harness.start();
  [orgId, member] = await createTenant();
});
afterAll(() => harness.stop());

async function createTenant(): Promise<[orgId: string, member: Member, client: Client]> {
  const org = await harness.make.organization('gme');
  const owner = await harness.make.member(org, 'program_director');
  return [org, owner, await harness.signIn(owner.email)];
}

const login = (email: string, password = Factories.PASSWORD) =>
  harness.client().post('/v1/auth/login', { email, password });
const statusAndCode = ({ status, body }: Answer) => [status, body.code];
const withoutId = ({ status, body }: Answer) => ({ ...body, status, requestId: null });
const auditEvents = (type: string, org = orgId) =>
  harness.database.superuser<{ meta: object }>(
    'SELECT meta FROM audit_events WHERE org_id = $1 AND type = $2 ORDER BY occurred_at, id',
    [org, type],
  );

describe('a suspended organization', () => {
  it('is closed to all members by operators, once, with the reason in the audit log, and can be resumed', async () => {
    const [org, owner, client] = await createTenant();
    expect([await suspend(harness.operator, org, 'unpaid'), await suspend(harness.operator, org, 'unpaid')]).toEqual([
      true,
      false,
    ]);
    expect(statusAndCode(await client.get(CURRENT))).toEqual([403, 'organization_suspended']);
    expect(withoutId(await login(owner.email))).toEqual(withoutId(await login(member.email, 'Wrong-Password-1')));
    expect([await resume(harness.operator, org), await resume(harness.operator, org)]).toEqual([true, false]);
    expect((await client.get(CURRENT)).status).toBe(200);
    expect((await login(owner.email)).status).toBe(200);
    expect([await auditEvents('organization.suspended', org), await auditEvents('organization.resumed', org)]).toEqual([
      [{ meta: { reason: 'unpaid' } }],
      [{ meta: {} }],
    ]);
  });

  it('needs a declared reason, and the system organization cannot be suspended', async () => {
    // @ts-expect-error -- the audit log records the reason, so it is not free text
    void (() => suspend(harness.operator, orgId, 'jane_doe_did_not_pay'));
    expect(await suspend(harness.operator, '00000000-0000-0000-0000-000000000000', 'unpaid')).toBe(false);
  });

  it('hides its SSO connections and rejects its webhooks as if they did not exist', async () => {
    const [org, , client] = await createTenant();
    const { body: source } = await client.post('/v1/webhook-sources', { name: 'Partner', scheme: 'standard' });
    const { body: connection } = await client.post('/v1/sso/connections', {
      name: 'Test',
      metadata: await providerMetadata(),
      defaultRole: 'mentor',
    });
    const { body: warm } = await client.post('/v1/webhook-sources', { name: 'Busy partner', scheme: 'standard' });
    expect((await deliver(harness.url, warm, personEvent('before'))).status).toBe(202);
    await harness.settled();
    await suspend(harness.operator, org, 'incident');
    expect(withoutId(await deliver(harness.url, source, personEvent('meanwhile')))).toEqual(
      withoutId(await deliver(harness.url, { ...source, id: newId() }, personEvent('meanwhile'))),
    );
    harness.advance(1); // The API looks up a source at most ten times a second.
    // The process cached this source a moment ago.
    expect((await deliver(harness.url, warm, personEvent('meanwhile'))).status).toBe(404);
    expect(await harness.database.superuser('SELECT 1 FROM webhook_inbox WHERE org_id = $1', [org])).toHaveLength(1);
    expect(withoutId(await harness.client().get(`/v1/sso/saml/${connection.id}/metadata`))).toEqual(
      withoutId(await harness.client().get(`/v1/sso/saml/${newId()}/metadata`)),
    );
  });

  it('keeps its jobs pending until it is resumed, except retention jobs', async () => {
    const [org, , client] = await createTenant();
    await harness.settled();
    await suspend(harness.operator, org, 'incident');
    const person = await harness.make.person(org);
    const enqueue = (job: string) =>
      harness.database.superuser(
        `INSERT INTO outbox (org_id, id, job, group_key, payload, request_id)
           VALUES ($1::uuid, gen_random_uuid(), $2::text, $1::uuid || ':' || $2::text, $3, 'test')`,
        [org, job, JSON.stringify({ exportId: person, key: `${org}/exports/${person}/x`, runId: person })],
      );
    await Promise.all(['exports.render', 'retention.nightly'].map(enqueue));
    const states = async () =>
      Object.fromEntries(
        (
          await harness.database.superuser<{ job: string; state: string }>(
            `SELECT job, state FROM outbox WHERE org_id = $1 AND job IN ('exports.render', 'retention.nightly')
               ORDER BY created_at, id`,
            [org],
          )
        ).map(({ job, state }) => [job, state]),
      );
    await until('the retention job is done', async () => (await states())['retention.nightly'] === 'done');
    expect((await states())['exports.render']).toBe('pending');
    const [depth] = await harness.database.superuser<{ pending: string }>('SELECT pending FROM app.outbox_depth()');
    expect(Number(depth!.pending)).toBe(0); // jobs of a suspended organization do not raise the depth
    await resume(harness.operator, org);
    await until('the job was started', async () => (await states())['exports.render'] !== 'pending');
    expect((await client.get(CURRENT)).status).toBe(200);
  });

  it('starts no schedule except retention', async () => {
    const [org] = await createTenant();
    await suspend(harness.operator, org, 'incident');
    const [row] = await harness.database.superuser<{ all: string[]; active: string[] }>(
      'SELECT array(SELECT app.organization_ids(true)) AS all, array(SELECT app.organization_ids(false)) AS active',
    );
    expect([row!.all.includes(org), row!.active.includes(org)]).toEqual([true, false]);
    await harness.tick();
    const runs = await harness.database.superuser<{ schedule: string }>(
      'SELECT schedule FROM job_runs WHERE org_id = $1',
      [org],
    );
    expect(runs).toEqual([{ schedule: 'retention.nightly' }]);
  });

  it('lets no job act as one of its members', async () => {
    const [org, owner] = await createTenant();
    await suspend(harness.operator, org, 'incident');
    const raw = await RawSql.open(harness.env.WORKER_DATABASE_URL!);
    try {
      await raw.client.query('BEGIN');
      expect((await raw.attempt('SELECT * FROM app.enter_member($1, $2)', [org, owner.membershipId])).code).toBe(
        '42501',
      );
    } finally {
      await raw.end();
    }
  });
});
