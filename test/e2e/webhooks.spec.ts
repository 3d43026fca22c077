import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/platform/clock/id.js';
import { newSecret } from '../../src/modules/webhooks/webhook-secret.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { OutboxRelay } from '../../src/platform/jobs/outbox-relay.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { deliver, personEvent as person, type Otherwise, type Source } from '../harness/partner.js';

const REPLAYS = '/v1/webhook-sources/deliveries';

let app: Harness;
let orgId: string;
let admin: Client;
let source: Source;

const now = () => Math.floor(Date.now() / 1_000);
const send = (to: Source, event: unknown, otherwise?: Otherwise) => deliver(app.url, to, event, otherwise);
const query = (text: string, ...values: unknown[]) => app.database.superuser<Record<string, any>>(text, values);
const inbox = (sourceId: string) => query('SELECT * FROM webhook_inbox WHERE source_id = $1', sourceId);
const auditEvents = (type: string) =>
  query(
    `SELECT meta, actor_type, actor_id, target_id FROM audit_events WHERE org_id = $1 AND type = $2
       ORDER BY occurred_at, id`,
    orgId,
    type,
  );

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
  source = await newSource();
});
afterAll(() => app.stop());

describe('webhook ingestion', () => {
  it('stores a signed delivery before it answers 202', async () => {
    const answer = await send(source, person('stored'));
    expect(answer).toMatchObject({
      status: 202,
      body: { id: expect.any(String), status: 'accepted', duplicate: false },
    });
    const stored = (await inbox(source.id)).find(({ id }) => id === answer.body.id)!;
    expect(stored.body_enc.includes(Buffer.from('stored'))).toBe(false);
    const rows = await query(
      'SELECT job, group_key, payload::text, order_key FROM outbox WHERE id = $1',
      stored.outbox_id,
    );
    expect(rows).toEqual([
      {
        job: 'webhooks.apply',
        group_key: `${orgId}:webhook:${source.id}`,
        payload: JSON.stringify({ deliveryId: answer.body.id }).replace(':', ': '),
        order_key: expect.stringMatching(/^[\w-]{43}$/),
      },
    ]);
  });

  it('answers a repeated message with the first delivery, and stores it once', async () => {
    const event = person('repeated');
    const first = await send(source, event, { id: 'msg_repeated' });
    const again = await Promise.all(
      Array.from({ length: 10 }, (_, i) => send(source, event, { id: 'msg_repeated', timestamp: now() - i })),
    );
    expect(
      again.every(({ status, body }) => status === 202 && body.duplicate === true && body.id === first.body.id),
    ).toBe(true);
    expect((await inbox(source.id)).filter(({ message_id: id }) => id === 'msg_repeated')).toHaveLength(1);
  });

  it('accepts one of many concurrent deliveries of a message', async () => {
    const event = person('simultaneous');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send(source, event, { id: 'msg_simultaneous' })),
    );
    expect(answers.filter(({ body }) => body.duplicate === false)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it('rejects the same message id with another body, and records it', async () => {
    const first = await send(source, person('conflict', { title: 'one' }), { id: 'msg_conflict' });
    expect(await send(source, person('conflict', { title: 'two' }), { id: 'msg_conflict' })).toMatchObject({
      status: 409,
      body: { code: 'webhook_conflict' },
    });
    expect(await auditEvents('webhook.conflict')).toMatchObject([
      { target_id: source.id, meta: { deliveryId: first.body.id } },
    ]);
  });

  it('returns 404 for an unknown source', async () => {
    expect(await send({ id: newId(), secret: source.secret }, person('x'))).toMatchObject({
      status: 404,
      body: { code: 'webhook_source_not_found' },
    });
    expect((await send({ id: 'nonsense', secret: source.secret }, person('x'))).status).toBe(400);
  });

  it.each<[string, string, () => Otherwise]>([
    ['a wrong secret', 'webhook_signature_invalid', () => ({ secret: newSecret() })],
    [
      'a signature over another body',
      'webhook_signature_invalid',
      () => ({ signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' }),
    ],
    ['a stale timestamp', 'webhook_timestamp_out_of_range', () => ({ timestamp: now() - 302 })],
    ['a timestamp from the future', 'webhook_timestamp_out_of_range', () => ({ timestamp: now() + 302 })],
    ['a timestamp a year ahead', 'webhook_timestamp_out_of_range', () => ({ timestamp: now() + 31_536_000 })],
  ])('rejects %s', async (_what, code, sending) => {
    expect(await send(source, person('refused'), sending())).toMatchObject({ status: 401, body: { code } });
  });

  it.each(['123.5junk', `${now()}.0`, '0x65', '1e9'])('rejects the timestamp %s as malformed', async (timestamp) => {
    expect(await send(source, person('refused'), { timestamp })).toMatchObject({
      status: 400,
      body: { code: 'webhook_headers_invalid' },
    });
  });

  it('rejects a modified body', async () => {
    const event = person('tampered');
    const tampered = JSON.stringify(event).replace('Synthetic', 'synthetic');
    expect(await send(source, event, { tampered })).toMatchObject({
      status: 401,
      body: { code: 'webhook_signature_invalid' },
    });
  });

  it('records rejections once a minute, in the organization of the source', async () => {
    const rejections = await auditEvents('webhook.rejected');
    expect(rejections).toHaveLength(1);
    expect(rejections[0]).toMatchObject({ target_id: source.id, actor_type: 'anonymous', meta: { count: 1 } });
  });

  it('rejects signed bodies that cannot be stored, with the specific error code', async () => {
    expect(await send(source, null, { raw: '{"type":' })).toMatchObject({
      status: 400,
      body: { code: 'malformed_json' },
    });
    expect(await send(source, null, { raw: '' })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await send(source, null, { raw: '[]' })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await send(source, person('nul', { title: 'a\0b' }))).toMatchObject({
      status: 400,
      body: { code: 'invalid_text' },
    });
    expect(await send(source, null, { raw: '{"data":{"title":"\\ud800"}}' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_text' },
    });
    expect(await send(source, null, { raw: Buffer.from([0x7b, 0xff, 0x7d]) })).toMatchObject({
      status: 400,
      body: { code: 'invalid_text' },
    });
  });

  it.each<[string, unknown, string]>([
    ['an unknown type', person('x', {}, 'person.deleted'), 'type'],
    ['a type that every object has', person('x', {}, 'constructor'), 'type'],
    ['no type', { ...person('x'), type: undefined }, 'type'],
    ['no timestamp', { ...person('x'), timestamp: undefined }, 'timestamp'],
    ['no data', { ...person('x'), data: undefined }, 'data'],
    ['a missing field', person('x', { familyName: undefined }), 'data.familyName'],
    ['a wrong value', person('x', { npi: 'none' }), 'data.npi'],
    ['no external id', person('x', { externalId: undefined }), 'data.externalId'],
  ])('rejects a message with %s before it is stored, and names the field', async (_what, event, field) => {
    const id = `msg_${newId()}`;
    expect(await send(source, event, { id })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ field, message: expect.any(String) }] },
    });
    expect((await inbox(source.id)).filter(({ message_id: stored }) => stored === id)).toEqual([]);
    expect((await send(source, person('corrected'), { id })).body).toMatchObject({ duplicate: false });
  });

  it('checks the signature before the message', async () => {
    expect(await send(source, person('x', {}, 'person.deleted'), { secret: newSecret() })).toMatchObject({
      status: 401,
      body: { code: 'webhook_signature_invalid' },
    });
  });

  it('rejects a body over the size limit', async () => {
    expect(await send(source, person('big', { address: 'x'.repeat(20_000) }))).toMatchObject({
      status: 413,
      body: { code: 'payload_too_large' },
    });
  });

  it('limits a source to its own rate, with Retry-After', async () => {
    const limited = await newSource({ limitPerMinute: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await send(limited, person(`limited-${i}`))).status);
    expect(statuses).toEqual([202, 202, 202, 429]);
    const rejections = await send(limited, person('limited'));
    expect(Number(rejections.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await send(source, person('not limited'))).status).toBe(202);
  });
});

describe('webhook processing', () => {
  let flood: Source;
  let quiet: Source;
  let failedDelivery: string;

  beforeAll(async () => {
    flood = await newSource();
    quiet = await newSource();
    failedDelivery = (await send(source, person('buried'))).body.id;
    await query(
      `UPDATE outbox SET state = 'failed', error_code = 'internal', finished_at = now()
         WHERE payload ->> 'deliveryId' = $1`,
      failedDelivery,
    );
    for (let i = 0; i < 80; i += 1) await send(flood, person(`flood-${i}`));
    for (let i = 0; i < 5; i += 1) await send(quiet, person(`quiet-${i}`));
    app.worker.get(JobRunner).start();
    app.worker.get(OutboxRelay).start();
  });

  it('does not let a flood of one source starve another', async () => {
    await app.settled();
    const rows = await query('SELECT source_id FROM webhook_inbox WHERE source_id = ANY ($1) ORDER BY processed_at', [
      flood.id,
      quiet.id,
    ]);
    expect(rows).toHaveLength(85);
    expect(rows.findLastIndex(({ source_id: id }) => id === quiet.id)).toBeLessThan(50);
  });

  it('creates the person once despite repeated deliveries, with the source as the actor', async () => {
    await app.settled();
    const rows = await query(
      `SELECT id, version FROM people WHERE org_id = $1 AND external_id IN ('repeated', 'simultaneous')`,
      orgId,
    );
    expect(rows.map(({ version }) => version)).toEqual([1, 1]);
    const created = await auditEvents('person.created');
    expect(created.filter(({ target_id: id }) => id === rows[0]!.id)).toMatchObject([
      { actor_type: 'source', actor_id: source.id },
    ]);
    expect((await auditEvents('webhook.applied')).filter(({ meta }) => meta.recordId === rows[0]!.id)).toMatchObject([
      { meta: { event: 'person.upserted', sourceId: source.id } },
    ]);
  });

  it('encrypts the personal data of the person', async () => {
    await send(
      source,
      person('sealed', { ssn: '000-12-3456', email: 'sealed@test.example', dateOfBirth: '1990-02-03' }),
    );
    await app.settled();
    const [row] = await query(`SELECT id, ssn_enc FROM people WHERE external_id = 'sealed'`);
    expect(row!.ssn_enc.includes(Buffer.from('3456'))).toBe(false);
    expect((await admin.get(`/v1/people/${row!.id}`)).body).toMatchObject({
      ssn: '***-**-3456',
      dateOfBirth: '**/**/1990',
      hasEmail: true,
    });
  });

  it('applies a body with a byte order mark in each spelling of UTF-8, and the signature covers it', async () => {
    const types = ['application/json; charset=utf8', 'application/json; charset="UTF8"', 'application/json'];
    for (const [i, contentType] of types.entries()) {
      const text = JSON.stringify(person(`marked ${i}`));
      const raw = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]);
      const answer = await send(source, undefined, { raw, contentType });
      expect([contentType, answer.status]).toEqual([contentType, 202]);
      expect((await send(source, undefined, { raw, contentType, tampered: text })).body.code).toBe(
        'webhook_signature_invalid',
      );
    }
    await app.settled();
    const rows = await query(`SELECT external_id FROM people WHERE external_id LIKE 'marked %' ORDER BY external_id`);
    expect(rows.map(({ external_id: id }) => id)).toEqual(['marked 0', 'marked 1', 'marked 2']);
  });

  it('applies the events of one person in order of arrival', async () => {
    for (let i = 1; i <= 12; i += 1)
      await send(source, person('ordered', { title: `step ${i}` }, i === 1 ? 'person.created' : 'person.updated'));
    await app.settled();
    const rows = await query(`SELECT title, version FROM people WHERE external_id = 'ordered'`);
    expect(rows).toEqual([{ title: 'step 12', version: 12 }]);
  });

  it('ignores fields that a partner added, in the message and in its data', async () => {
    const { data, ...envelope } = person('added', { favoriteColor: 'blue', home: { rooms: [{ size: 4 }] } });
    await send(source, { ...envelope, data, apiVersion: 2, sender: { name: 'HR' } });
    await app.settled();
    expect(await query(`SELECT given_name, title FROM people WHERE external_id = 'added'`)).toEqual([
      { given_name: 'Synthetic', title: null },
    ]);
  });

  it('replays a failed delivery once, and records who did it', async () => {
    const again = await admin.post(`${REPLAYS}/${failedDelivery}/replay`);
    expect(again).toMatchObject({ status: 202, body: { id: failedDelivery, status: 'accepted' } });
    await app.settled();
    expect(await admin.post(`${REPLAYS}/${failedDelivery}/replay`)).toMatchObject({
      status: 409,
      body: { code: 'delivery_not_failed' },
    });
    const { body } = await admin.get(`/v1/webhook-sources/${source.id}/deliveries?status=processed&limit=200`);
    expect(body.items).toContainEqual(
      expect.objectContaining({ id: failedDelivery, status: 'processed', errorCode: null }),
    );
    expect(await auditEvents('webhook.replayed')).toMatchObject([{ actor_type: 'user', target_id: failedDelivery }]);
    expect(await query(`SELECT 1 FROM people WHERE external_id = 'buried'`)).toHaveLength(1);
  });

  it('returns each delivery once across pages', async () => {
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body }: Answer = await admin.get(
        `/v1/webhook-sources/${flood.id}/deliveries?limit=33${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(new Set(ids).size).toBe(80);
    expect(ids).toEqual(ids.toSorted().toReversed());
  });

  it('counts deliveries in the metrics', async () => {
    const { body } = await app.client().get('/metrics');
    const text = String(body);
    expect(text).toMatch(/webhook_deliveries_total\{outcome="accepted",reason=""\} \d+/);
    expect(text).toMatch(/webhook_deliveries_total\{outcome="duplicate",reason=""\} 29/);
    expect(text).toMatch(/webhook_deliveries_total\{outcome="refused",reason="webhook_conflict"\} 1/);
  });
});
