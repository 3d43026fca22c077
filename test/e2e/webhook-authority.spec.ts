import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InboundSources } from '../../src/modules/webhooks/inbound-sources.js';
import { dbSecret, newSecret, secretKey } from '../../src/modules/webhooks/webhook-secret.js';
import { WebhookSourcesService } from '../../src/modules/webhooks/index.js';
import { newId } from '../../src/platform/clock/id.js';
import { sha256 } from '../../src/platform/crypto/index.js';
import { startCapturedWorker } from '../contract/captured.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { deliver, personEvent, type Source } from '../harness/partner.js';

const SOURCES = '/v1/webhook-sources';
const ALL = ['person.created', 'person.updated', 'person.upserted'];
const DENIED = '403 webhook_event_not_permitted';

let app: Harness;
let orgId: string;
let owner: Client;
let ownerMember: Member;
/** May manage sources and holds no permission about people. */
let technician: Client;
let technicianMember: Member;

beforeAll(async () => {
  app = await Harness.start({ takeJobs: false });
  orgId = await app.make.organization('workforce');
  ownerMember = await app.make.member(orgId, 'owner');
  owner = await app.signIn(ownerMember.email);
  [technicianMember, technician] = await manager('viewer', 'webhook:create', 'webhook:update', 'webhook:rotate');
});
afterAll(() => app.stop());

/** Creates a member with a role and more permissions for the whole organization. */
async function manager(role: string, ...permissions: string[]): Promise<[Member, Client]> {
  const member = await app.make.member(orgId, role);
  for (const permission of permissions) await setPermission(member, permission, 'org');
  return [member, await app.signIn(member.email)];
}

const setPermission = ({ membershipId }: Member, permission: string, scope: string) =>
  owner.put(`/v1/memberships/${membershipId}/permissions/${permission}`, { scope });
const outcome = ({ status, body }: Answer) => `${status} ${body.code ?? ''}`.trim();
const newSource = (client: Client, more: object = {}) =>
  client.post(SOURCES, { name: 'Partner', scheme: 'standard', ...more });
const query = (text: string, ...values: unknown[]) => app.database.superuser<Record<string, any>>(text, values);
const responsible = async (id: string) => (await owner.get(`${SOURCES}/${id}`)).body.responsible as string | null;

/** Delivers an event to a source that no process has cached. */
function send(source: Source, event: object = personEvent(newId())): Promise<Answer> {
  app.api.get(InboundSources).forget(source.id);
  return deliver(app.url, source, event);
}

describe('a source acts with the permissions of the member who is responsible for it', () => {
  it('so only a member who may write people can add one that writes people', async () => {
    expect(outcome(await newSource(technician))).toBe('403 insufficient_privileges_to_grant');
    expect(outcome(await newSource(technician, { events: ['person.updated'] }))).toBe(
      '403 insufficient_privileges_to_grant',
    );
    const { body } = await newSource(owner);
    expect(body).toMatchObject({ events: ALL, responsible: ownerMember.membershipId });
    expect(outcome(await send(body))).toBe('202');
  });

  it('and sends only the event types that it was made for', async () => {
    const { body } = await newSource(owner, { events: ['person.updated'] });
    expect(outcome(await send(body, personEvent('x', {}, 'person.updated')))).toBe('202');
    expect(outcome(await send(body, personEvent('x', {}, 'person.created')))).toBe(DENIED);
    expect(outcome(await newSource(owner, { events: ['person.imagined'] }))).toBe('400 invalid_request');
    expect(outcome(await newSource(owner, { events: [] }))).toBe('400 invalid_request');
  });

  it('so a member without them may rename it, and gets neither its secret nor its event types', async () => {
    const { body } = await newSource(owner);
    const path = `${SOURCES}/${body.id}`;
    expect(outcome(await technician.post(`${path}/secrets`, {}))).toBe('403 insufficient_privileges_to_grant');
    expect(outcome(await technician.patch(path, { events: ALL }))).toBe('403 insufficient_privileges_to_grant');
    expect(outcome(await technician.patch(path, { name: 'Renamed' }))).toBe('200');
    expect(await responsible(body.id)).toBe(ownerMember.membershipId);
    expect(outcome(await send(body))).toBe('202');
  });

  it('also when that member adds a secret by raw SQL', async () => {
    const { body } = await newSource(owner);
    const secret = newSecret();
    const raw = await RawSql.open(app.env.DATABASE_URL!);
    await raw.enter(sessionSecret(technician));
    const added = await raw.outcome(
      'INSERT INTO webhook_secrets (org_id, id, source_id, secret_enc, db_secret_hash) VALUES ($1, $2, $3, $4, $5)',
      [orgId, newId(), body.id, Buffer.alloc(64), sha256(dbSecret(secretKey(secret)))],
    );
    expect(added.code).toBeNull();
    const forged = await raw.attempt('UPDATE webhook_sources SET responsible = $1 WHERE id = $2', [
      ownerMember.membershipId,
      body.id,
    ]);
    expect(forged.code).toBe('42501');
    await raw.client.query('COMMIT');
    await raw.end();
    expect(await responsible(body.id)).toBe(technicianMember.membershipId);
    await query('DELETE FROM webhook_secrets WHERE source_id = $1 AND length(secret_enc) = 64', body.id);
    expect(outcome(await send(body))).toBe(DENIED);
  });

  it('until the member loses them or leaves, and then another member can take the source over', async () => {
    for (const loss of [
      (member: Member) => setPermission(member, 'person:create', 'none'),
      (member: Member) => setPermission(member, 'person:update', 'assigned'),
      ({ membershipId }: Member) => owner.delete(`/v1/memberships/${membershipId}`),
    ]) {
      const [member, client] = await manager('admin');
      const { body } = await newSource(client);
      expect(outcome(await send(body))).toBe('202');
      expect((await loss(member)).status).toBeLessThan(300);
      expect(outcome(await send(body))).toBe(DENIED);
      expect(outcome(await owner.patch(`${SOURCES}/${body.id}`, { events: ALL }))).toBe('200');
      expect(await responsible(body.id)).toBe(ownerMember.membershipId);
      expect(outcome(await send(body))).toBe('202');
    }
  });

  it('also for a delivery that was stored before the loss', async () => {
    const [member, client] = await manager('admin');
    const { body } = await newSource(client);
    const externalId = newId();
    const { body: receipt } = await send(body, personEvent(externalId));
    await setPermission(member, 'person:create', 'none');
    const worker = await startCapturedWorker(app);
    await app.settled();
    await worker.stop();
    const failed = (await owner.get(`${SOURCES}/${body.id}/deliveries`)).body.items;
    expect(failed).toMatchObject([{ id: receipt.id, status: 'failed', errorCode: 'event_not_permitted' }]);
    expect(await query('SELECT 1 FROM people WHERE external_id = $1', externalId)).toEqual([]);
  });

  it('and leaves an audit event when it may not send', async () => {
    const { body } = await newSource(owner, { events: ['person.updated'] });
    await send(body, personEvent('x', {}, 'person.created'));
    const events = await query(
      `SELECT meta FROM audit_events WHERE type = 'webhook.rejected' AND target_id = $1`,
      body.id,
    );
    expect(events).toEqual([{ meta: { reasons: ['webhook_event_not_permitted'], count: 1 } }]);
  });

  it('or for the operator, if the operator added it', async () => {
    const source = await app.operator.within(orgId, () =>
      app.operator.app.get(WebhookSourcesService).create({ name: 'Operator', scheme: 'standard' }),
    );
    expect(source).toMatchObject({ events: ALL, responsible: null });
    expect(outcome(await send(source))).toBe('202');
  });
});
