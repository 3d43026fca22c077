import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newId } from '../../src/platform/clock/id.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { walk } from '../harness/walk.js';

let harness: Harness;
let director: Client;
let orgId: string;
let email: string;

beforeAll(async () => {
  harness = await Harness.start();
  orgId = await harness.make.organization('gme');
  ({ email } = await harness.make.member(orgId, 'program_director'));
  director = await harness.signIn(email);
});
afterAll(() => harness.stop());

const TYPES = ['person.viewed', 'person.updated', 'assignment.created', 'export.imagined'];
const TARGETS = ['person', 'assignment'];
const OUTCOMES = ['success', 'denied', 'failure'];

/** Seeds audit events over three months. Many of them share a timestamp. */
async function seed(org: string, count: number): Promise<void> {
  await harness.database.superuser(
    `INSERT INTO audit_events (org_id, occurred_at, id, type, outcome, actor_type, actor_id, target_type, target_id,
       request_id, canonical, private_digest)
     SELECT $1, date_trunc('month', now()) + interval '32 days' * (i % 3) + interval '1 minute' * (i % 20),
       gen_random_uuid(), ($3::text[])[1 + i % 4],
            ($5::text[])[1 + (i * 7 % 10) / 4], 'user', 'actor-' || i % 5, ($4::text[])[1 + i % 2],
              'target-' || i % 9, 'seed', '', sha256('')
       FROM generate_series(1, $2::int) i`,
    [org, count, TYPES, TARGETS, OUTCOMES],
  );
}

describe('the audit log', () => {
  it('returns the actor, action, target, origin, time, and outcome of an event', async () => {
    const personId = await harness.make.person(orgId, { email: 'subject@test.example' });
    const unlocked = await director.get(`/v1/people/${personId}/contact`, { headers: { 'user-agent': 'Browser/1.0' } });
    const { body } = await director.get(`/v1/audit?type=person.contact_unlocked&targetId=${personId}`);
    expect(body.items).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        occurredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        type: 'person.contact_unlocked',
        category: 'people',
        severity: 'notice',
        description: expect.stringContaining('contact details'),
        outcome: 'success',
        actor: { type: 'user', id: expect.any(String), email },
        target: { type: 'person', id: personId },
        ip: '127.0.0.1',
        userAgent: 'Browser/1.0',
        requestId: unlocked.headers.get('x-request-id'),
        apiKeyId: null,
        accessGrantId: null,
        meta: { fields: ['email'] },
      },
    ]);
  });

  it('records each read of the audit log with its filters', async () => {
    await director.get('/v1/audit?category=people&outcome=success&limit=1');
    const { body } = await director.get('/v1/audit?type=audit.read&limit=1');
    expect(body.items[0]).toMatchObject({ type: 'audit.read', meta: { filters: ['category', 'outcome'], entries: 1 } });
  });

  it('records rejected requests as denied', async () => {
    const trainee = await harness.signIn((await harness.make.member(orgId, 'trainee')).email);
    expect((await trainee.get('/v1/audit')).body).toMatchObject({ status: 403, code: 'forbidden' });
    const { body } = await director.get('/v1/audit?outcome=denied&type=access.denied&limit=1');
    expect(body.items[0]).toMatchObject({
      outcome: 'denied',
      meta: { route: 'AuditController.search', permission: 'audit:read', reason: 'forbidden' },
    });
  });

  it('finds the events about a webhook source by the name of the resource', async () => {
    const { body: source } = await director.post('/v1/webhook-sources', { name: 'Partner', scheme: 'standard' });
    const { body } = await director.get('/v1/audit?targetType=webhook-source');
    expect(body.items).toMatchObject([
      { type: 'webhook_source.created', target: { type: 'webhook-source', id: source.id } },
    ]);
  });

  it('lists every type of event with its category, severity and meaning', async () => {
    const { status, body } = await director.get('/v1/audit/event-types');
    expect(status).toBe(200);
    expect(body.items).toContainEqual({
      type: 'audit.read',
      category: 'audit',
      severity: 'notice',
      description: expect.any(String),
    });
    expect(body.items.map(({ type }: { type: string }) => type)).toEqual(
      body.items.map(({ type }: { type: string }) => type).toSorted(),
    );
  });

  it('rejects unauthenticated callers', async () => {
    for (const path of ['/v1/audit', '/v1/audit/event-types'])
      expect((await harness.client().get(path)).status).toBe(401);
  });
});

describe('paging through the audit log', () => {
  let other: string;
  let reader: Client;
  beforeAll(async () => {
    other = await harness.make.organization('workforce');
    reader = await harness.signIn((await harness.make.member(other, 'owner')).email);
    await seed(other, 400);
    await seed(orgId, 50);
  });

  it('returns each matching event once, newest first, for any combination of filters', async () => {
    const filters = fc.record(
      {
        type: fc.constantFrom(...TYPES),
        category: fc.constantFrom('people', 'audit'),
        actorId: fc.constantFrom('actor-0', 'actor-3', 'absent'),
        targetType: fc.constantFrom(...TARGETS),
        targetId: fc.constantFrom('target-0', 'target-4'),
        outcome: fc.constantFrom(...OUTCOMES),
        from: fc.constantFrom(-1, 20, 40).map(days),
        to: fc.constantFrom(45, 70).map(days),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 7, max: 60 }), async (filter, limit) => {
        const query = new URLSearchParams({ to: days(100), ...filter, limit: String(limit) });
        const expected = await matching(other, { to: days(100), ...filter });
        expect((await walk(reader, `/v1/audit?${query.toString()}`)).map(({ id }) => id)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('stays consistent while events are appended', async () => {
    const before = await matching(other, {});
    const listed = await walk(reader, '/v1/audit?limit=100');
    expect(listed.map(({ id }) => id).filter((id) => before.includes(id))).toEqual(before);
  });

  it('never shows events of another organization', async () => {
    const ids = (await walk(reader, '/v1/audit?limit=200')).map(({ id }) => id);
    const rows = await harness.database.superuser<{ org_id: string }>(
      'SELECT DISTINCT org_id FROM audit_events WHERE id = ANY ($1)',
      [ids],
    );
    expect(rows).toEqual([{ org_id: other }]);
  });

  it('rejects a cursor of another organization', async () => {
    const { body } = await reader.get('/v1/audit?limit=1');
    expect((await director.get(`/v1/audit?cursor=${body.nextCursor}`)).body).toMatchObject({
      status: 400,
      code: 'invalid_request',
    });
  });

  /** Returns the ids of the matching events, found by plain SQL. */
  async function matching(org: string, filter: Record<string, string>): Promise<string[]> {
    const categories: Record<string, string[]> = {
      people: ['person.viewed', 'person.updated', 'assignment.created'],
      audit: ['audit.read'],
    };
    const { type, category, actorId, targetType, targetId, outcome, from, to } = filter;
    const rows = await harness.database.superuser<{ id: string }>(
      `SELECT id FROM audit_events WHERE org_id = $1 AND ($2::text IS NULL OR type = $2)
         AND ($3::text[] IS NULL OR type = ANY ($3))
          AND ($4::text IS NULL OR actor_id = $4) AND ($5::text IS NULL OR target_type = $5)
            AND ($6::text IS NULL OR target_id = $6)
          AND ($7::text IS NULL OR outcome = $7) AND occurred_at >= coalesce($8, '-infinity'::timestamptz)
            AND occurred_at < coalesce($9, 'infinity'::timestamptz)
          AND (type <> 'audit.read' OR $3 IS NULL)
        ORDER BY occurred_at DESC, id DESC`,
      [org, type, category && categories[category], actorId, targetType, targetId, outcome, from, to],
    );
    return rows.map(({ id }) => id);
  }
});

/** Returns the time `count` days after the start of the month, which is the base of the seed. */
function days(count: number): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1 + count)).toISOString();
}

describe('an invalid query', () => {
  it.each([
    ['an unknown filter', 'actorEmail=a@test.example', 'actorEmail'],
    ['an unknown category', 'category=nothing', 'category'],
    ['a target type that no feature declares', 'targetType=nothing', 'targetType'],
    ['a target type in another spelling', 'targetType=webhook_source', 'targetType'],
    ['an unknown outcome', 'outcome=maybe', 'outcome'],
    ['a time without a zone', 'from=2026-01-01T00:00:00', 'from'],
    ['a day that does not exist', 'to=2026-02-30', 'to'],
    ['an empty range', 'from=2026-02-02&to=2026-02-02', 'to'],
    ['a forged cursor', `cursor=${newId()}`, 'cursor'],
    ['a page size above the limit', 'limit=201', 'limit'],
    ['a malformed event type', 'type=%25', 'type'],
  ])('is rejected: %s', async (_name, query, field) => {
    const { status, body } = await director.get(`/v1/audit?${query}`);
    expect({ status, code: body.code, field: body.errors?.[0].field }).toEqual({
      status: 400,
      code: 'invalid_request',
      field,
    });
  });
});

describe('partitions of the audit log', () => {
  it('are created a year ahead by a daily job', async () => {
    const last = async () =>
      (
        await harness.database.superuser<{ name: string }>(
          `SELECT max(relname) AS name FROM pg_class WHERE relname LIKE 'audit\\_events\\_20__\\___' AND relkind = 'r'`,
        )
      )[0]!.name;
    const furthest = await last();
    await harness.database.superuser(`DROP TABLE ${furthest}`);
    expect(await last()).not.toBe(furthest);
    harness.advance(86_400);
    await harness.tick();
    await harness.settled();
    expect(await last()).toBe(furthest);
  });
});
