/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Readable } from 'node:stream';
import { RetentionRunner, RetentionService } from '../../src/modules/retention/index.js';
import { newId } from '../../src/platform/clock/id.js';
import { defineFeature } from '../../src/platform/feature/define-feature.js';
import { declaration, declared } from '../../src/platform/feature/registry.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { OutboxRelay } from '../../src/platform/jobs/outbox-relay.js';
import { EncryptedStorage, objectKey } from '../../src/platform/storage/index.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { TestDatabase } from '../harness/database.js';

/** A sample table of a feature: notes with one attachment each. */
defineFeature({
  name: 'specimen',
  description: 'Notes of this test.',
  retention: {
    'specimen.notes': {
      description: 'Text and attachments of old notes',
      table: 'specimen',
      ageColumn: 'noted_at',
      days: 10,
      floorDays: 5,
      action: { clear: ['note', 'object_key'] },
      where: 'object_key IS NOT NULL',
      objectColumn: 'object_key',
    },
  },
  tables: {
    specimen: { kind: 'tenant', rows: { select: 'retention:preview' }, retention: { policies: ['specimen.notes'] } },
  },
});

let harness: Harness;
let orgId: string;
let otherOrg: string;
let director: Client;
let trainee: Client;

beforeAll(async () => {
  harness = await Harness.start({ schema: specimenTable });
  [orgId, otherOrg] = [await harness.make.organization('gme'), await harness.make.organization('workforce')];
  director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
  trainee = await harness.signIn((await harness.make.member(orgId, 'trainee')).email);
});
afterAll(() => harness.stop());

async function specimenTable({ superuser }: TestDatabase): Promise<void> {
  await superuser(`
    CREATE TABLE specimen (org_id uuid NOT NULL, id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      noted_at timestamptz NOT NULL, note text, object_key text)`);
  await superuser('CREATE INDEX specimen_age ON specimen (org_id, noted_at) WHERE object_key IS NOT NULL');
  await superuser(`SELECT app_private.protect_table('specimen', 'SELECT')`);
  await superuser('GRANT UPDATE (note, object_key) ON specimen TO vouchsafe_worker');
}

/** Creates sessions of an organization that ended this number of days ago. */
async function endedSessions(org: string, sessions: number, daysAgo: number): Promise<void> {
  const { membershipId, userId } = await harness.make.member(org, org === orgId ? 'mentor' : 'member');
  await harness.database.superuser(
    `INSERT INTO sessions (org_id, id, membership_id, user_id, secret_hash, method, expires_at)
     SELECT $1, gen_random_uuid(), $2, $3, sha256(i::text::bytea), 'password', now() - make_interval(days => $5)
       FROM generate_series(1, $4::int) i`,
    [org, membershipId, userId, sessions, daysAgo],
  );
}

async function count(sql: string, values: unknown[] = []): Promise<number> {
  const [row] = await harness.database.superuser<{ count: string }>(`SELECT count(*) FROM ${sql}`, values);
  return Number(row!.count);
}

const countEnded = (org: string) =>
  count(`sessions WHERE org_id = $1 AND expires_at < now() - interval '1 day'`, [org]);
const certificates = (runId: string) =>
  harness.database.superuser<{ meta: Record<string, unknown> }>(
    `SELECT meta FROM audit_events WHERE type = 'retention.completed' AND target_id = $1`,
    [runId],
  );

async function runOf(runId: string) {
  const { body } = await director.get('/v1/retention/runs?limit=200');
  return body.items.find(({ id }: { id: string }) => id === runId);
}

async function completed(policy: string, body: object = {}): Promise<string> {
  const started = await director.post(`/v1/retention/policies/${policy}/run`, body);
  expect(started.status).toBe(202);
  await harness.settled();
  return started.body.runId;
}

describe('retention policies', () => {
  it('are listed with their action, period, and next run', async () => {
    const { status, body } = await director.get('/v1/retention/policies');
    expect(status).toBe(200);
    expect(body.items).toContainEqual({
      name: 'sessions.expired',
      description: expect.any(String),
      table: 'sessions',
      ageColumn: 'expires_at',
      days: 1,
      declaredDays: 1,
      floorDays: 0,
      action: 'delete',
      columns: [],
      nextRunAt: expect.stringMatching(/T02:15:00\.000Z$/),
    });
    expect(body.items).toContainEqual(
      expect.objectContaining({ name: 'specimen.notes', action: 'clear', columns: ['note', 'object_key'] }),
    );
  });

  it('can each be previewed by the API and run by the worker', async () => {
    for (const policy of declared('retention').keys()) {
      expect({ policy, status: (await director.get(`/v1/retention/policies/${policy}/preview`)).status }).toEqual({
        policy,
        status: 200,
      });
      expect({ policy, status: (await runOf(await completed(policy))).status }).toEqual({
        policy,
        status: 'completed',
      });
    }
  });

  it('each have an index that finds the due rows', async () => {
    for (const [policy, { table, ageColumn }] of declared('retention')) {
      const indexPrefix = declaration('tables', table).kind === 'tenant' ? `(org_id, ${ageColumn}` : `(${ageColumn}`;
      const indexes = await harness.database.superuser<{ indexdef: string }>(
        'SELECT indexdef FROM pg_indexes WHERE tablename = $1',
        [table],
      );
      expect({ policy, found: indexes.some(({ indexdef }) => indexdef.includes(indexPrefix)) }).toEqual({
        policy,
        found: true,
      });
    }
  });
});

describe('a preview', () => {
  it('counts the due rows and removes nothing', async () => {
    await endedSessions(orgId, 3, 5);
    const { body } = await director.get('/v1/retention/policies/sessions.expired/preview');
    expect(body).toEqual({
      policy: 'sessions.expired',
      due: await countEnded(orgId),
      oldest: expect.any(String),
      cutoff: expect.stringMatching(/:00:00\.000Z$/),
      planHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(body.due).toBeGreaterThanOrEqual(3);
  });
});

describe('a run', () => {
  it('removes exactly the due rows in batches and records the result', async () => {
    await endedSessions(orgId, 1_201, 5);
    await endedSessions(orgId, 2, 0);
    await endedSessions(otherOrg, 4, 5);
    const [due, sessions, others] = [
      await countEnded(orgId),
      await count('sessions WHERE org_id = $1', [orgId]),
      await countEnded(otherOrg),
    ];
    const { body: plan } = await director.get('/v1/retention/policies/sessions.expired/preview');
    const runId = await completed('sessions.expired', { planHash: plan.planHash });
    expect(await countEnded(orgId)).toBe(0);
    expect(await count('sessions WHERE org_id = $1', [orgId])).toBe(sessions - due);
    expect(await countEnded(otherOrg)).toBe(others);
    const facts = { removed: due, objects: 0, batches: 3, cutoff: plan.cutoff, planHash: plan.planHash };
    expect(await certificates(runId)).toEqual([{ meta: { policy: 'sessions.expired', ...facts } }]);
    expect(await runOf(runId)).toMatchObject({
      ...facts,
      policy: 'sessions.expired',
      status: 'completed',
      due,
      requestedBy: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('shows its requester and its result in the audit log', async () => {
    const runId = await completed('sessions.expired');
    const { body } = await director.get(`/v1/audit?targetType=retention-run&targetId=${runId}`);
    expect(body.items.map(({ type, actor }: { type: string; actor: { type: string } }) => [type, actor.type])).toEqual([
      ['retention.completed', 'system'],
      ['retention.requested', 'user'],
    ]);
  });

  it('clears columns, keeps the row, and then removes the stored object', async () => {
    const storage = harness.worker.get(EncryptedStorage);
    const key = objectKey({
      env: 'test',
      orgId,
      category: 'documents',
      entityId: newId(),
      uuid: newId(),
      filename: 'a.txt',
    });
    await storage.put(key, Readable.from([Buffer.from('attachment')]), { key: Buffer.alloc(32, 7), keyVersion: 1 });
    await harness.database.superuser(
      `INSERT INTO specimen (org_id, noted_at, note, object_key)
         VALUES ($1, now() - interval '11 days', 'old', $2), ($1, now() - interval '9 days', 'young', 'kept')`,
      [orgId, key],
    );
    const runId = await completed('specimen.notes');
    expect(
      await harness.database.superuser('SELECT note, object_key FROM specimen WHERE org_id = $1 ORDER BY noted_at', [
        orgId,
      ]),
    ).toEqual([
      { note: null, object_key: null },
      { note: 'young', object_key: 'kept' },
    ]);
    expect(await storage.exists(key)).toBe(false);
    expect(await runOf(runId)).toMatchObject({ removed: 1, objects: 1 });
  });

  it('is rejected when the due rows differ from the preview', async () => {
    const { body: plan } = await director.get('/v1/retention/policies/sessions.expired/preview');
    await endedSessions(orgId, 1, 6);
    const { body } = await director.post('/v1/retention/policies/sessions.expired/run', { planHash: plan.planHash });
    expect(body).toMatchObject({ status: 409, code: 'retention_plan_changed' });
  });

  it('fails instead of removing rows below the minimum period, even if its record requests it', async () => {
    const id = newId();
    await harness.database.superuser(
      `INSERT INTO specimen (org_id, noted_at, note, object_key)
         VALUES ($1, now() - interval '8 days', 'protected', 'kept')`,
      [orgId],
    );
    await harness.database.superuser(
      `WITH job AS (INSERT INTO outbox (org_id, id, job, group_key, payload, request_id)
         VALUES ($1::uuid, $2::uuid, 'retention.run', $1::text || ':l', jsonb_build_object('runId', $2::uuid), 'test'))
       INSERT INTO retention_runs (org_id, id, policy, requested_by, cutoff, plan_hash, due, due_since, outbox_id)
       VALUES ($1::uuid, $2::uuid, 'specimen.notes', 'intruder', now(), sha256(''), 1, now() - interval '1 hour',
         $2::uuid)`,
      [orgId, id],
    );
    await harness.settled();
    expect(await runOf(id)).toMatchObject({ status: 'failed', removed: 0 });
    expect(await count(`specimen WHERE note = 'protected'`)).toBe(1);
    expect((await harness.client().get('/metrics')).text).toMatch(
      /retention_oldest_overdue_seconds\{policy="specimen\.notes"\} 3[6-9]\d\d/,
    );
    await completed('specimen.notes');
    expect((await harness.client().get('/metrics')).text).toMatch(
      /retention_oldest_overdue_seconds\{policy="specimen\.notes"\} 0\n/,
    );
  });
});

describe('an interrupted run', () => {
  it('keeps its progress, continues at the same point, and is recorded once', async () => {
    await harness.worker.get(OutboxRelay).stop();
    await harness.worker.get(JobRunner).stop(2_000);
    await harness.database.superuser('DELETE FROM sessions WHERE org_id = $1', [otherOrg]);
    await endedSessions(otherOrg, 700, 3);
    const { operator } = harness;
    const runner = harness.worker.get(RetentionRunner);
    const runId = await operator.within(otherOrg, () =>
      harness.worker.get(RetentionService).request('sessions.expired'),
    );
    const afterOneBatch = {
      throwIfAborted: jest
        .fn<() => void>()
        .mockImplementationOnce(() => undefined)
        .mockImplementation(() => {
          throw new Error('simulated power failure');
        }),
    };
    await expect(
      operator.as(otherOrg, () => runner.execute(runId, afterOneBatch as unknown as AbortSignal)),
    ).rejects.toThrow('simulated power failure');
    expect(await countEnded(otherOrg)).toBe(200);
    expect(await certificates(runId)).toEqual([]);
    expect(await operator.as(otherOrg, () => runner.execute(runId))).toEqual({ removed: 200 });
    expect(await operator.as(otherOrg, () => runner.execute(runId))).toEqual({});
    expect(await countEnded(otherOrg)).toBe(0);
    expect((await certificates(runId)).map(({ meta }) => [meta['removed'], meta['batches']])).toEqual([[700, 2]]);
  });
});

describe('access to retention', () => {
  const routes: [string, string][] = [
    ['GET', '/v1/retention/policies'],
    ['GET', '/v1/retention/policies/sessions.expired/preview'],
    ['POST', '/v1/retention/policies/sessions.expired/run'],
    ['GET', '/v1/retention/runs'],
  ];

  it.each(routes)('%s %s returns 401 without a session and 403 for a trainee', async (method, path) => {
    const body = method === 'POST' ? {} : undefined;
    expect((await harness.client().send(method, path, { body })).body).toMatchObject({
      status: 401,
      code: 'unauthenticated',
    });
    expect((await trainee.send(method, path, { body })).body).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it.each(['nothing.here', '..%2Fpeople', "sessions.expired'--"])('returns 404 for the policy %s', async (name) => {
    for (const answer of [
      await director.get(`/v1/retention/policies/${name}/preview`),
      await director.post(`/v1/retention/policies/${name}/run`, {}),
    ]) {
      expect(answer.status).toBe(404);
    }
  });

  it.each([{ planHash: 'x' }, { planHash: 1 }, { cutoff: '2026-01-01' }, { days: 0 }])(
    'a run rejects the body %j',
    async (body) => {
      expect((await director.post('/v1/retention/policies/sessions.expired/run', body)).body).toMatchObject({
        status: 400,
        code: 'invalid_request',
      });
    },
  );
});
