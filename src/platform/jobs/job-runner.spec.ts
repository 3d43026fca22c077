/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DelayedError, UnrecoverableError, type Job } from 'bullmq';
import type { AuditLog } from '../audit/audit-log.js';
import { currentContext } from '../context/context.js';
import { DatabaseUnavailable } from '../database/errors.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import { defineFeature } from '../feature/define-feature.js';
import type { JobName } from '../feature/registry.js';
import '../problem/problem.feature.js';
import { Problem } from '../problem/problem.js';
import type { BoundHandler, JobHandlers } from './handlers.js';
import { JobRunner } from './job-runner.js';
import { PermanentFailure } from './on-job.js';
import type { OutboxRepository } from './outbox.repository.js';
import type { RedisConnections } from '../redis/index.js';
import type { QueueItem, Queues } from './queues.js';

defineFeature({
  name: 'runner-test',
  description: 'x',
  jobs: { 'runner.test': { description: 'x', attempts: 3, backoffSeconds: 1, timeoutSeconds: 5, concurrency: 1 } },
});

let happened: string[];
let open: boolean;

function runner(): JobRunner {
  const rows = {
    finish: async () => {
      happened.push('marked done');
      return open ? { payload: { n: 1 } } : null;
    },
    open: async () => (open ? { payload: { n: 1 } } : null),
    finishRun: async (_id: string, counts: object) => void happened.push(`run closed ${JSON.stringify(counts ?? {})}`),
  };
  const unitOfWork = {
    run: async (_entrance: unknown, fn: () => Promise<unknown>) => {
      happened.push('begin');
      const result = await fn().catch((error: unknown) => {
        happened.push('rolled back');
        throw error;
      });
      happened.push('commit');
      return result;
    },
  };
  return new JobRunner(
    {} as JobHandlers,
    {} as Queues,
    {} as RedisConnections,
    unitOfWork as unknown as UnitOfWork,
    rows as unknown as OutboxRepository,
    {} as AuditLog,
  );
}

function process(run: BoundHandler['run'], transaction?: 'own'): Promise<unknown> {
  const handler = { job: 'runner.test' as JobName, where: 'x', run, transaction, emits: [] } as BoundHandler;
  const bull = {
    data: { orgId: 'org', id: 'job-1' },
    attemptsMade: 1,
    moveToDelayed: async () => void happened.push('delayed'),
  } as unknown as Job<QueueItem>;
  return runner()
    .process(handler, bull, 'token')
    .then(
      () => 'done',
      (error: unknown) => error,
    );
}

beforeEach(() => {
  happened = [];
  open = true;
  Logger.overrideLogger(false);
});

describe('a job', () => {
  it('runs in one transaction with its completion mark', async () => {
    expect(
      await process(async () => {
        happened.push('effect');
        return { rows: 2 };
      }),
    ).toBe('done');
    expect(happened).toEqual(['begin', 'marked done', 'effect', 'run closed {"rows":2}', 'commit']);
  });

  it('that has already finished has no second effect', async () => {
    open = false;
    expect(await process(async () => void happened.push('effect'))).toBe('done');
    expect(happened).not.toContain('effect');
  });

  it('with its own transactions is marked done after its effect', async () => {
    await process(async () => void happened.push('effect'), 'own');
    expect(happened).toEqual(['begin', 'commit', 'effect', 'begin', 'marked done', 'run closed {}', 'commit']);
  });

  it('gets its organization and attempt and acts as the job', async () => {
    await process(async (payload, { attempt, orgId, id }) => {
      const { actor, requestId } = currentContext();
      happened.push(JSON.stringify({ payload, attempt, orgId, id, actor, requestId }));
    });
    expect(happened[2]).toBe(
      '{"payload":{"n":1},"attempt":2,"orgId":"org","id":"job-1",' +
        '"actor":{"type":"system","id":"job:runner.test"},"requestId":"job-1"}',
    );
  });

  it('that fails is rolled back, and its error in the queue contains no row values', async () => {
    const failure = (await process(() =>
      Promise.reject(Object.assign(new Error('duplicate key: (Zephyrine)'), { code: '23505', detail: 'Zephyrine' })),
    )) as Error;
    expect(happened).toEqual(['begin', 'marked done', 'rolled back']);
    expect([failure.message, failure.stack, failure.cause]).toEqual(['internal', '', undefined]);
  });

  it('with a permanent failure is not retried and keeps its code', async () => {
    const failure = await process(() => Promise.reject(new PermanentFailure('payload_invalid')));
    expect(failure).toBeInstanceOf(UnrecoverableError);
    expect((failure as Error).message).toBe('payload_invalid');
    expect(((await process(() => Promise.reject(new Problem('conflict')))) as Error).message).toBe('conflict');
  });

  it.each([new DatabaseUnavailable(), Object.assign(new Error('x'), { code: '57P01' })])(
    'is delayed during a database outage without using an attempt',
    async (outage) => {
      expect(await process(() => Promise.reject(outage))).toBeInstanceOf(DelayedError);
      expect(happened).toContain('delayed');
    },
  );
});
