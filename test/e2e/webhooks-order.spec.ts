import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/platform/clock/id.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { deliver, personEvent, type Source } from '../harness/partner.js';

let app: Harness;
let orgId: string;
let admin: Client;
let source: Source;

const newSource = async (): Promise<Source> =>
  (await admin.post('/v1/webhook-sources', { name: 'Partner', scheme: 'standard' })).body;

beforeAll(async () => {
  app = await Harness.start();
  orgId = await app.make.organization('workforce');
  admin = await app.signIn((await app.make.member(orgId, 'admin')).email);
  source = await newSource();
});
afterAll(() => app.stop());

/** Delivers an event about a person, waits for the jobs, and returns the id of the delivery. */
async function sent(externalId: string, timestamp: string, title: string, from = source): Promise<string> {
  const event = { ...personEvent(externalId, { title }, 'person.updated'), timestamp };
  const { status, body } = await deliver(app.url, from, event);
  expect(status).toBe(202);
  await app.settled();
  return body.id;
}
const titleOf = async (externalId: string) =>
  (await app.database.superuser('SELECT title FROM people WHERE external_id = $1', [externalId]))[0]!.title;
const deliveryOf = async (id: string) => {
  const { body } = await admin.get(`/v1/webhook-sources/${source.id}/deliveries?limit=200`);
  return (body.items as { id: string }[]).find((delivery) => delivery.id === id);
};

describe('events about one record', () => {
  it('do not apply an event that is older than an applied one, and record it as superseded', async () => {
    const newer = await sent('late', '2026-03-01T10:00:00Z', 'new');
    const older = await sent('late', '2026-03-01T09:59:59Z', 'old');
    expect(await titleOf('late')).toBe('new');
    expect(await deliveryOf(older)).toMatchObject({
      status: 'superseded',
      errorCode: null,
      processedAt: expect.any(String),
    });
    expect(await deliveryOf(newer)).toMatchObject({ status: 'processed' });
    const { body } = await admin.get(`/v1/webhook-sources/${source.id}/deliveries?status=superseded`);
    expect(body.items).toMatchObject([{ id: older }]);
    const processed = (await admin.get(`/v1/webhook-sources/${source.id}/deliveries?status=processed`)).body;
    expect(processed.items.map(({ id }: { id: string }) => id)).not.toContain(older);
    expect((await admin.get(`/v1/audit?targetId=${older}`)).body.items).toMatchObject([
      {
        type: 'webhook.superseded',
        actor: { type: 'source', id: source.id },
        meta: { event: 'person.updated', sourceId: source.id },
      },
    ]);
  });

  it.each<[string, string, string, string]>([
    ['a millisecond earlier', '2026-03-01T10:00:00.001Z', '2026-03-01T10:00:00.000Z', 'first'],
    ['a microsecond earlier', '2026-03-01T10:00:00.000002Z', '2026-03-01T10:00:00.000001Z', 'first'],
    ['earlier, with an offset that makes its text later', '2026-03-01T10:00:00Z', '2026-03-01T11:59:00+02:00', 'first'],
    [
      'later, with an offset that makes its text earlier',
      '2026-03-01T10:00:00Z',
      '2026-03-01T05:01:00-05:00',
      'second',
    ],
    ['equal', '2026-03-01T10:00:00Z', '2026-03-01T12:00:00+02:00', 'second'],
    ['later, with the greatest offset', '2026-03-01T10:00:00Z', '2026-03-02T10:00:00+23:59', 'second'],
  ])('compare instants: an event that is %s', async (_what, first, second, expected) => {
    const externalId = newId();
    await sent(externalId, first, 'first');
    await sent(externalId, second, 'second');
    expect(await titleOf(externalId)).toBe(expected);
  });

  it('are ordered per source, because each sender has its own clock', async () => {
    await sent('two-sources', '2026-03-01T10:00:00Z', 'one');
    await sent('two-sources', '2026-03-01T09:00:00Z', 'other', await newSource());
    expect(await titleOf('two-sources')).toBe('other');
  });

  it('follow the same rule when a member replays a failed delivery', async () => {
    const failed = await sent('replayed', '2026-03-01T10:00:00Z', 'failed');
    await app.database.superuser(
      `WITH undone AS (UPDATE webhook_inbox SET processed_at = NULL WHERE id = $1 RETURNING outbox_id)
       UPDATE outbox SET state = 'failed' WHERE id = (SELECT outbox_id FROM undone)`,
      [failed],
    );
    await sent('replayed', '2026-03-01T11:00:00Z', 'newer');
    expect((await admin.post(`/v1/webhook-sources/deliveries/${failed}/replay`)).status).toBe(202);
    await app.settled();
    expect(await titleOf('replayed')).toBe('newer');
    expect(await deliveryOf(failed)).toMatchObject({ status: 'superseded' });
    expect(await admin.post(`/v1/webhook-sources/deliveries/${failed}/replay`)).toMatchObject({
      status: 409,
      body: { code: 'delivery_not_failed' },
    });
  });

  it('belong together in every Unicode form of its key', async () => {
    const newer = await sent('\u00e9-key', '2026-03-01T10:00:00Z', 'new');
    const older = await sent('e\u0301-key', '2026-03-01T09:00:00Z', 'old');
    expect(await titleOf('\u00e9-key')).toBe('new');
    expect([await deliveryOf(newer), await deliveryOf(older)]).toMatchObject([
      { status: 'processed' },
      { status: 'superseded' },
    ]);
  });
});

describe('the time of an event', () => {
  const at = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
  const rejected = { status: 400, body: { code: 'invalid_request', errors: [{ field: 'timestamp' }] } };

  it.each<[string, string]>([
    ['more than five minutes in the future', at(3_600)],
    ['years in the future', '2999-01-01T00:00:00Z'],
    ['before 1970', '1969-12-31T23:59:59Z'],
    ['without a time zone', '2026-03-01T10:00:00'],
    ['that does not exist', '2026-02-30T10:00:00Z'],
    ['in words', 'yesterday'],
  ])('is rejected when it is a time %s', async (_what, timestamp) => {
    expect(await deliver(app.url, source, { ...personEvent('future'), timestamp })).toMatchObject(rejected);
    expect(await app.database.superuser(`SELECT 1 FROM people WHERE external_id = 'future'`)).toEqual([]);
  });

  it('may be up to five minutes ahead of this clock, and long ago', async () => {
    await sent('ahead', at(200), 'ahead');
    expect(await titleOf('ahead')).toBe('ahead');
    await sent('long-ago', '1999-12-31T23:59:59Z', 'old');
    expect(await titleOf('long-ago')).toBe('old');
  });
});

it('keeps order marks as keyed hashes, and removes unused ones after 400 days', async () => {
  await sent('marked', '2026-03-01T10:00:00Z', 'one');
  const marks = await app.database.superuser<{ order_key: string }>('SELECT order_key FROM webhook_order_marks');
  for (const { order_key: key } of marks) expect(key).toMatch(/^[\w-]{43}$/);
  await app.database.superuser(`UPDATE webhook_order_marks SET applied_at = now() - interval '401 days'`);
  const { planHash, due } = (await admin.get('/v1/retention/policies/webhook_order_marks.unused/preview')).body;
  expect(due).toBe(marks.length);
  await admin.post('/v1/retention/policies/webhook_order_marks.unused/run', { planHash });
  await app.settled();
  expect(await app.database.superuser('SELECT 1 FROM webhook_order_marks')).toEqual([]);
});
