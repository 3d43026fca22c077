import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ExportJob } from '../../src/modules/exports/export-job.js';
import { newId } from '../../src/platform/clock/id.js';
import { OutboxRelay } from '../../src/platform/jobs/outbox-relay.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { EncryptedStorage } from '../../src/platform/storage/index.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { connected } from '../harness/database.js';
import { over, storedFiles } from '../harness/exports.js';
import type { Member } from '../harness/factories.js';
import { until } from '../harness/until.js';

let harness: Harness;
let orgId: string;
let member: Member;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  await harness.make.person(orgId);
});
beforeEach(async () => {
  member = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(member.email);
});
afterEach(() => harness.database.superuser('DELETE FROM exports'));
afterAll(() => harness.stop());

const requestExport = async (body: object = { kind: 'people_csv' }): Promise<string> =>
  (await director.post('/v1/exports', body)).body.id;

/** Runs the export job in this process, as the worker runs the given attempt. */
function render(exportId: string, attempt = 1, signal = new AbortController().signal) {
  return harness.operator.as(orgId, () =>
    harness.worker.get(ExportJob).render({ exportId }, { id: newId(), orgId, attempt, signal }),
  );
}

/** Locks the table `people` against all readers while `fn` runs. */
function whileLocked<T>(fn: () => Promise<T>): Promise<T> {
  return connected(harness.env.MIGRATOR_DATABASE_URL!, async (client) => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE people IN ACCESS EXCLUSIVE MODE');
    try {
      return await fn();
    } finally {
      await client.query('ROLLBACK');
    }
  });
}

const blockedCopies = () =>
  harness.database.superuser<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'
       AND wait_event_type = 'Lock'`,
  );
const waitForBlocked = (count: number) =>
  until(`${count} exports wait for the table`, async () => (await blockedCopies()).length === count);
const fileCount = async () => (await storedFiles(harness.env.STORAGE_DIR!)).length;
const failureEvents = (id: string) =>
  harness.database.superuser(
    `SELECT meta ->> 'reason' AS reason, outcome FROM audit_events WHERE type = 'export.failed' AND target_id = $1`,
    [id],
  );

describe('the job of an export', () => {
  it('removes the partial file of a killed worker and renders the export again', async () => {
    const id = await requestExport();
    const leftover = `test/${orgId}/exports/${id}/${newId()}-people.csv`;
    await harness.worker
      .get(EncryptedStorage)
      .put(leftover, Readable.from([Buffer.from('half')]), { key: Buffer.alloc(32), keyVersion: 1 });
    await harness.database.superuser(`UPDATE exports SET state = 'running', rows = 7, object_key = $2 WHERE id = $1`, [
      id,
      leftover,
    ]);
    const before = await fileCount();
    await render(id, 2);
    expect(await harness.worker.get(EncryptedStorage).exists(leftover)).toBe(false);
    expect(await fileCount()).toBe(before);
    const { status: state, url } = await over(director, id);
    expect(state).toBe('ready');
    expect((await director.get(url!)).status).toBe(200);
  });

  it('is retried after a lost database connection and leaves no file behind', async () => {
    const id = await requestExport();
    const before = await fileCount();
    const attempt = whileLocked(async () => {
      const failed = expect(render(id)).rejects.toThrow();
      await waitForBlocked(1);
      await harness.database.superuser('SELECT pg_terminate_backend($1)', [(await blockedCopies())[0]!.pid]);
      await failed;
    });
    await attempt;
    expect(await fileCount()).toBe(before);
    expect((await director.get(`/v1/exports/${id}`)).body.status).toBe('running');
    await render(id, 2);
    expect((await over(director, id)).status).toBe('ready');
  });

  it('stops at its timeout', async () => {
    const id = await requestExport();
    const deadline = new AbortController();
    await whileLocked(async () => {
      const failed = expect(render(id, 1, deadline.signal)).rejects.toThrow();
      await waitForBlocked(1);
      deadline.abort();
      await failed;
    });
    await until('the statement has ended', async () => (await blockedCopies()).length === 0);
  });

  it('creates one file when it runs twice at the same time', async () => {
    const id = await requestExport();
    const before = await fileCount();
    await whileLocked(async () => {
      const first = render(id);
      await waitForBlocked(1);
      const second = render(id);
      await waitForBlocked(2);
      return [first, second];
    }).then((runs) => Promise.all(runs));
    expect(await fileCount()).toBe(before + 1);
    const { status: state, url } = await over(director, id);
    expect(state).toBe('ready');
    expect((await director.get(url!)).status).toBe(200);
  });

  it('does nothing for a finished export', async () => {
    const id = await requestExport();
    await render(id);
    const { sha256 } = await over(director, id);
    expect(await render(id)).toBeUndefined();
    expect((await over(director, id)).sha256).toBe(sha256);
  });

  it('marks the export as failed after its last attempt and records the failure', async () => {
    const id = await requestExport();
    await whileLocked(async () => {
      const failed = expect(render(id, 5)).rejects.toThrow();
      await waitForBlocked(1);
      await harness.database.superuser('SELECT pg_terminate_backend($1)', [(await blockedCopies())[0]!.pid]);
      await failed;
    });
    expect(await over(director, id)).toMatchObject({ status: 'failed', errorCode: 'internal', url: null });
    expect(await failureEvents(id)).toEqual([{ reason: 'internal', outcome: 'failure' }]);
  });
});

describe('an export fails', () => {
  const colleague = async () => harness.signIn((await harness.make.member(orgId, 'program_director')).email);

  it('when the membership of the requester has ended', async () => {
    const [csv, pdf] = [
      await requestExport(),
      await requestExport({ kind: 'person_pdf', personId: await harness.make.person(orgId) }),
    ];
    await harness.database.superuser(`UPDATE memberships SET status = 'ended' WHERE id = $1`, [member.membershipId]);
    const before = await fileCount();
    for (const id of [csv, pdf]) {
      await render(id);
      expect(await over(await colleague(), id)).toMatchObject({ status: 'failed', errorCode: 'access_lost' });
      expect(await failureEvents(id)).toEqual([{ reason: 'access_lost', outcome: 'failure' }]);
    }
    expect(await fileCount()).toBe(before);
  });

  it('when the role of the requester can no longer export', async () => {
    const [csv, pdf] = [
      await requestExport(),
      await requestExport({ kind: 'person_pdf', personId: await harness.make.person(orgId) }),
    ];
    await harness.database.superuser(`UPDATE memberships SET role = 'trainee' WHERE id = $1`, [member.membershipId]);
    for (const id of [csv, pdf]) {
      await render(id);
      expect(await over(await colleague(), id)).toMatchObject({ status: 'failed', errorCode: 'access_lost' });
    }
  });

  it('when the watermark cannot be rendered, before it reads any record', async () => {
    const personId = await harness.make.person(orgId, { email: 'unseen@test.example' });
    const [csv, pdf] = [await requestExport(), await requestExport({ kind: 'person_pdf', personId })];
    await harness.database.superuser(`UPDATE memberships SET name = U&'\\200B' WHERE user_id = $1`, [member.userId]);
    const before = await fileCount();
    for (const id of [csv, pdf]) {
      await render(id);
      expect(await over(director, id)).toMatchObject({ status: 'failed', errorCode: 'watermark_failed' });
    }
    expect(await fileCount()).toBe(before);
    expect(
      await harness.database.superuser(
        `SELECT id FROM audit_events WHERE target_id = $1 AND type LIKE 'person.%' AND type <> 'person.created'`,
        [personId],
      ),
    ).toEqual([]);
  });
});

/** Runs a retention policy as a member. */
async function runRetention(policy: string): Promise<void> {
  const { planHash } = (await director.get(`/v1/retention/policies/${policy}/preview`)).body;
  expect((await director.post(`/v1/retention/policies/${policy}/run`, { planHash })).status).toBe(202);
  await harness.settled();
}

describe('a worker', () => {
  beforeAll(() => {
    harness.worker.get(JobRunner).start();
    harness.worker.get(OutboxRelay).start();
  });

  it('processes pending outbox messages', async () => {
    expect((await over(director, await requestExport())).status).toBe('ready');
  });

  it('deletes downloaded files first and finished exports a week later', async () => {
    const [downloaded, untouched] = [
      await over(director, await requestExport()),
      await over(director, await requestExport()),
    ];
    await director.get(downloaded.url!);
    const before = await fileCount();
    await harness.database.superuser(`UPDATE exports SET expires_at = expires_at - interval '2 hours' WHERE id = $1`, [
      downloaded.id,
    ]);
    await runRetention('exports.files');
    await until('the first file is deleted', async () => (await fileCount()) === before - 1);
    expect((await director.get(`/v1/exports/${downloaded.id}`)).body.status).toBe('downloaded');
    const { url } = (await director.get(`/v1/exports/${untouched.id}`)).body;
    expect((await director.get(url)).status).toBe(200);
    await harness.database.superuser(`UPDATE exports SET finished_at = now() - interval '8 days' WHERE id = ANY ($1)`, [
      [downloaded.id, untouched.id],
    ]);
    await runRetention('exports.finished');
    await until('the second file is deleted', async () => (await fileCount()) === before - 2);
    expect((await director.get(`/v1/exports/${untouched.id}`)).status).toBe(404);
  });

  it('removes the partial files of other workers on schedule', async () => {
    const folder = path.join(harness.env.STORAGE_DIR!, '.unfinished');
    await writeFile(path.join(folder, newId()), 'half');
    harness.advance(2 * 3_600);
    await harness.tick();
    await until('the folder is empty', async () => (await readdir(folder)).length === 0);
  });
});
