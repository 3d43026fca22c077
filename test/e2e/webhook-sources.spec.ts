import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { newId } from '../../src/platform/clock/id.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { deliver, personEvent as person, type Otherwise, type Source } from '../harness/partner.js';

const REPLAYS = '/v1/webhook-sources/deliveries';

let app: Harness;
let orgId: string;
let admin: Client;
let outsider: Client;
let source: Source;

const send = (to: Source, event: unknown, otherwise?: Otherwise) => deliver(app.url, to, event, otherwise);
const query = (text: string, ...values: unknown[]) => app.database.superuser<Record<string, any>>(text, values);
const inbox = (sourceId: string) => query('SELECT * FROM webhook_inbox WHERE source_id = $1', sourceId);

async function memberOf(org: string, role: string): Promise<Client> {
  return app.signIn((await app.make.member(org, role)).email);
}

async function newSource(settings: Record<string, unknown> = {}): Promise<Source> {
  const { status, body } = await admin.post('/v1/webhook-sources', {
    name: 'Partner',
    scheme: 'standard',
    ...settings,
  });
  expect(status).toBe(201);
  return body;
}

beforeAll(async () => {
  app = await Harness.start({ takeJobs: false, env: { BODY_LIMIT_BYTES: '16384' } });
  orgId = await app.make.organization('workforce');
  admin = await memberOf(orgId, 'admin');
  outsider = await memberOf(await app.make.organization('enrollment'), 'admin');
  source = await newSource();
});
afterAll(() => app.stop());

describe('the setup of a source', () => {
  it('returns the secret once', async () => {
    const created = await admin.post('/v1/webhook-sources', { name: 'Shown once', scheme: 'standard' });
    expect(created.body).toMatchObject({
      scheme: 'standard',
      appliesTo: 'people',
      enabled: true,
      secret: expect.stringMatching(/^whsec_/),
    });
    expect(created.body.url).toMatch(new RegExp(`/v1/webhooks/${created.body.id}$`));
    const read = await admin.get(`/v1/webhook-sources/${created.body.id}`);
    const listed = await admin.get('/v1/webhook-sources');
    expect(JSON.stringify([read.body, listed.body])).not.toContain('whsec_');
    expect(read.body.secrets).toEqual([{ id: expect.any(String), createdAt: expect.any(String), expiresAt: null }]);
  });

  it('stores the secret encrypted', async () => {
    const rows = await query('SELECT secret_enc FROM webhook_secrets WHERE source_id = $1', source.id);
    expect((rows[0]!.secret_enc as Buffer).includes(Buffer.from(source.secret.slice(6)))).toBe(false);
  });

  it('rejects unsupported and unknown schemes', async () => {
    expect(await admin.post('/v1/webhook-sources', { name: 'x', scheme: 'stripe' })).toMatchObject({
      status: 400,
      body: { code: 'webhook_scheme_not_supported' },
    });
    expect(await admin.post('/v1/webhook-sources', { name: 'x', scheme: 'none' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });

  it('returns 404 to another organization on every route', async () => {
    const {
      body: { id },
    } = await send(source, person('for-a-stranger'));
    const address = `/v1/webhook-sources/${source.id}`;
    const requests = [
      outsider.get(address),
      outsider.patch(address, { enabled: false }),
      outsider.delete(address),
      outsider.post(`${address}/secrets`, {}),
      outsider.get(`${address}/deliveries`),
      outsider.post(`${REPLAYS}/${id}/replay`),
    ];
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
    expect((await outsider.get('/v1/webhook-sources')).body.items).toEqual([]);
  });

  it('lets a viewer read and change nothing', async () => {
    const viewer = await memberOf(orgId, 'viewer');
    expect((await viewer.get('/v1/webhook-sources')).status).toBe(200);
    expect((await viewer.post('/v1/webhook-sources', { name: 'x', scheme: 'standard' })).status).toBe(403);
    expect((await viewer.post(`/v1/webhook-sources/${source.id}/secrets`, {})).status).toBe(403);
  });
});

describe('secrets', () => {
  it('accepts both during the overlap, and then only the new one', async () => {
    const rotating = await newSource();
    const { body } = await admin.post(`/v1/webhook-sources/${rotating.id}/secrets`, { overlapSeconds: 600 });
    expect((await send(rotating, person('old secret'))).status).toBe(202);
    expect((await send(rotating, person('new secret'), { secret: body.secret })).status).toBe(202);
    await admin.post(`/v1/webhook-sources/${rotating.id}/secrets`, { overlapSeconds: 0 });
    expect((await send(rotating, person('old secret'))).status).toBe(401);
    expect((await send(rotating, person('new secret'), { secret: body.secret })).status).toBe(401);
  });

  it('rejects an overlap of more than a day', async () => {
    expect((await admin.post(`/v1/webhook-sources/${source.id}/secrets`, { overlapSeconds: 86_401 })).status).toBe(400);
  });

  it('is rejected by the database at once, even if the process has it cached', async () => {
    const revoked = await newSource();
    expect((await send(revoked, person('before'))).status).toBe(202);
    await query(`UPDATE webhook_secrets SET expires_at = now() - interval '1 second' WHERE source_id = $1`, revoked.id);
    expect([401, 404]).toContain((await send(revoked, person('after'))).status);
    expect(await inbox(revoked.id)).toHaveLength(1);
  });

  it('is rejected for a disabled source, and accepted again after it is enabled', async () => {
    const switched = await newSource();
    await admin.patch(`/v1/webhook-sources/${switched.id}`, { enabled: false });
    expect((await send(switched, person('disabled'))).status).toBe(404);
    await admin.patch(`/v1/webhook-sources/${switched.id}`, { enabled: true });
    expect((await send(switched, person('enabled'))).status).toBe(202);
  });

  it('is rejected permanently after the source is deleted, and its deliveries remain', async () => {
    const removed = await newSource();
    await send(removed, person('removed'));
    expect((await admin.delete(`/v1/webhook-sources/${removed.id}`)).status).toBe(204);
    expect((await send(removed, person('removed'))).status).toBe(404);
    expect((await admin.get(`/v1/webhook-sources/${removed.id}`)).status).toBe(404);
    expect(await inbox(removed.id)).toHaveLength(1);
    const { status, body } = await admin.get<{ items: unknown[] }>(`/v1/webhook-sources/${removed.id}/deliveries`);
    expect([status, body.items.length]).toEqual([200, 1]);
  });
});

describe("the API's database role", () => {
  let role: pg.Client;
  beforeAll(async () => {
    role = new pg.Client({ connectionString: app.env.DATABASE_URL });
    await role.connect();
  });
  afterAll(() => role.end());

  it.each([
    'SELECT body_enc FROM webhook_inbox',
    'SELECT secret_enc FROM webhook_secrets',
    'SELECT db_secret_hash FROM webhook_secrets',
    'DELETE FROM webhook_inbox',
    `UPDATE webhook_inbox SET processed_at = now()`,
    'TRUNCATE webhook_inbox',
    'DELETE FROM webhook_sources',
    `INSERT INTO webhook_inbox (org_id, id, source_id, message_id, body_digest, outbox_id)
       VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'x', sha256(''), gen_random_uuid())`,
    `SELECT app_private.webhook_organization(gen_random_uuid(), '')`,
  ])('cannot run: %s', async (statement) => {
    await expect(role.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('enters a source only with its secret, and the verification data is not enough', async () => {
    const {
      rows: [found],
    } = await role.query('SELECT * FROM app.find_webhook_source($1)', [source.id]);
    const [{ db_secret_hash: hash } = {}] = await query(
      'SELECT db_secret_hash FROM webhook_secrets WHERE source_id = $1',
      source.id,
    );
    for (const secret of [found.secrets[0], hash, Buffer.alloc(32), null]) {
      const { rows } = await role.query('SELECT * FROM app.ingest_webhooks($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
        [source.id],
        [secret],
        [newId()],
        ['forged'],
        [Buffer.of(1)],
        [Buffer.alloc(32)],
        [newId()],
        [null],
        ['request'],
      ]);
      expect(rows).toEqual([{ outcome: 'refused', stored_id: null }]);
    }
  });

  it('sees no source without an organization, and writes only to the audit log of the source', async () => {
    expect((await role.query('SELECT id FROM webhook_sources')).rows).toEqual([]);
    await role.query('BEGIN');
    await role.query('SELECT app.enter_webhook_source($1)', [source.id]);
    const {
      rows: [context],
    } = await role.query('SELECT app.org_id() AS org, app.audit_org_id() AS log');
    expect(context).toEqual({ org: null, log: orgId });
    expect((await role.query('SELECT id FROM webhook_inbox')).rows).toEqual([]);
    await role.query('ROLLBACK');
  });
});
