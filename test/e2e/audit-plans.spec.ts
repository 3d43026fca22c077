import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pageStatement, type AuditFilter, type Position } from '../../src/modules/audit/audit-search.js';
import { sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import { buffers, explain, nodes, removed, type PlanNode } from '../harness/plans.js';

const ROWS = 30_000;
const LIMIT = 51;

let harness: Harness;
let orgId: string;
let secret: string;
let middle: Position;

/** Seeds a large audit log in which every filter has frequent, rare, and absent values. */
beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  const director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
  secret = sessionSecret(director);
  await harness.database.superuser(
    `INSERT INTO audit_events (org_id, occurred_at, id, type, outcome, actor_type, actor_id, target_type, target_id,
       request_id, canonical, private_digest)
     SELECT $1, date_trunc('month', now()) + interval '3 minutes' * i, gen_random_uuid(),
            CASE WHEN i % 1000 = 7 THEN 'rare.type' ELSE 'type.' || i % 5 END, CASE WHEN i % 1000 = 8 THEN 'denied'
              ELSE 'success' END, 'user',
            CASE WHEN i % 1000 = 9 THEN 'rare' ELSE 'actor-' || i % 7 END, CASE WHEN i % 1000 = 6 THEN 'connection'
              ELSE 'person' END,
            'target-' || i % 500, 'seed', sha256(i::text::bytea), sha256('')
       FROM generate_series(1, $2::int) i`,
    [orgId, ROWS],
  );
  await harness.database.superuser(
    `INSERT INTO audit_private (org_id, occurred_at, event_id, salt, payload)
       SELECT org_id, occurred_at, id, decode(md5(''), 'hex'), '{}' FROM audit_events
      WHERE request_id = 'seed'`,
  );
  for (const table of ['audit_events', 'audit_private']) await harness.database.superuser(`VACUUM ANALYZE ${table}`);
  const [row] = await harness.database.superuser<{ occurred_at: Date; id: string }>(
    'SELECT occurred_at, id FROM audit_events WHERE org_id = $1 ORDER BY occurred_at DESC, id DESC OFFSET $2 LIMIT 1',
    [orgId, ROWS / 2],
  );
  middle = { occurredAt: row!.occurred_at, id: row!.id };
});
afterAll(() => harness.stop());

const planOf = (filter: AuditFilter, after: Position | null) =>
  explain(harness, secret, pageStatement(orgId, filter, after, LIMIT));

/** Returns the scan types that read audit rows. Scans without rows are ignored. */
const scans = (plan: PlanNode) =>
  nodes(plan)
    .filter(
      (node) =>
        node['Relation Name']?.startsWith('audit_') && node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) > 0,
    )
    .map((node) => node['Node Type']);

const FILTERS: [name: string, filter: AuditFilter][] = [
  ['no filter', {}],
  ['an actor', { actorId: 'actor-1' }],
  ['a rare actor', { actorId: 'rare' }],
  ['an unknown actor', { actorId: 'absent' }],
  ['a target', { targetType: 'person', targetId: 'target-17' }],
  ['a rare target type', { targetType: 'connection' }],
  ['an unknown target type', { targetType: 'nothing' }],
  ['a type', { types: ['type.1'] }],
  ['a rare type', { types: ['rare.type'] }],
  ['several types', { types: ['type.1', 'rare.type', 'absent.type'] }],
  ['the outcome denied', { outcome: 'denied' }],
  ['the outcome failure', { outcome: 'failure' }],
  ['a time range', { from: new Date(Date.now() + 5 * 86_400_000), to: new Date(Date.now() + 6 * 86_400_000) }],
];

describe('a page of the audit log', () => {
  it.each(FILTERS)('is read from an index without scanning other rows: %s', async (_name, filter) => {
    for (const after of [null, middle]) {
      const plan = await planOf(filter, after);
      expect(scans(plan).filter((type) => !/^Index (Only )?Scan$/.test(type))).toEqual([]);
      const sorted = nodes(plan)
        .filter((node) => node['Node Type'] === 'Sort')
        .map((node) => node.Plans![0]!['Actual Rows']);
      for (const rows of sorted) expect(rows).toBeLessThanOrEqual(LIMIT * (filter.types?.length ?? 1));
      expect(removed(plan)).toBeLessThanOrEqual(LIMIT);
    }
  });

  it.each(FILTERS)('costs the same in the middle of the log as at its start: %s', async (_name, filter) => {
    const [first, deep] = [buffers(await planOf(filter, null)), buffers(await planOf(filter, middle))];
    expect(deep).toBeLessThanOrEqual(first + 60);
  });

  it('reads few buffers when no event matches both of two filters', async () => {
    const plan = await planOf({ types: ['type.1'], actorId: 'rare', outcome: 'failure' }, null);
    expect(scans(plan)).not.toContain('Seq Scan');
    expect(buffers(plan)).toBeLessThan(500);
  });
});
