/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import { defineFeature } from '../feature/define-feature.js';
import type { Jobs } from './jobs.js';
import { Scheduler } from './scheduler.js';

const job = 'tick.work';
defineFeature({
  name: 'schedules-test',
  description: 'x',
  jobs: {
    'tick.duty': {
      description: 'x',
      attempts: 1,
      backoffSeconds: 1,
      timeoutSeconds: 1,
      concurrency: 1,
      runWhenSuspended: true,
    },
  },
  schedules: {
    hourly: { description: 'x', cron: '0 * * * *', timezone: 'UTC', job, per: 'organization' },
    'a duty': { description: 'x', cron: '0 * * * *', timezone: 'UTC', job: 'tick.duty', per: 'organization' },
    'in New York': { description: 'x', cron: '30 2 * * *', timezone: 'America/New_York', job, per: 'installation' },
  },
});

/** The fake database: one entry per schedule, organization, and slot. It is shared by all schedulers. */
let runs: Set<string>;
let fails: boolean;
let now: Date;

function scheduler(): Scheduler {
  const unitOfWork = {
    queryOnce: async (_text: string, [suspendedToo]: [boolean]) => [
      { id: 'org-a' },
      { id: 'org-b' },
      ...(suspendedToo ? [{ id: 'org-suspended' }] : []),
    ],
    run: async (_entrance: unknown, fn: () => Promise<boolean>) => {
      if (fails) throw new Error('unavailable');
      return fn();
    },
    sql: async (_text: string, [org, name, slot]: [string, string, Date]) =>
      runs.has(`${org} ${name} ${slot.toISOString()}`) ? [1] : [],
    execute: async (_text: string, [org, name, slot]: [string, string, Date]) => {
      runs.add(`${org} ${name} ${slot.toISOString()}`);
      return 1;
    },
    rollback: async () => undefined,
  };
  return new Scheduler(
    Object.assign(new Clock(), { now: () => now }),
    unitOfWork as unknown as UnitOfWork,
    { enqueue: async () => 'outbox' } as unknown as Jobs,
  );
}

const slots = (name: string) => [...runs].filter((run) => run.includes(name)).map((run) => run.split(' ').at(-1));

beforeEach(() => {
  runs = new Set();
  fails = false;
  now = new Date('2026-01-15T12:20:00Z');
  Logger.overrideLogger(false);
});

describe('the scheduler', () => {
  it('starts the latest slot once per organization for repeated ticks of several instances', async () => {
    const [one, other] = [scheduler(), scheduler()];
    for (const instance of [one, other, one, other]) await instance.tick();
    expect(slots('hourly')).toEqual(['2026-01-15T12:00:00.000Z', '2026-01-15T12:00:00.000Z']);
  });

  it('starts only runWhenSuspended jobs for a suspended organization', async () => {
    await scheduler().tick();
    expect(
      [...runs].filter((run) => run.startsWith('org-suspended')).map((run) => run.split(' ').slice(1, -1).join(' ')),
    ).toEqual(['a duty']);
  });

  it('starts the latest missed slot once', async () => {
    await scheduler().tick();
    now = new Date('2026-01-15T17:01:00Z');
    await scheduler().tick();
    expect(slots('hourly').at(-1)).toBe('2026-01-15T17:00:00.000Z');
    expect(slots('hourly')).toHaveLength(4);
  });

  it('starts a slot in the second in which it begins', async () => {
    now = new Date('2026-01-15T13:00:00.000Z');
    await scheduler().tick();
    expect(new Set(slots('hourly'))).toEqual(new Set(['2026-01-15T13:00:00.000Z']));
  });

  it('uses the time zone of a schedule, also across daylight saving time', async () => {
    await scheduler().tick();
    now = new Date('2026-07-15T12:00:00Z');
    await scheduler().tick();
    expect(slots('in New York')).toEqual(['2026-01-15T07:30:00.000Z', '2026-07-15T06:30:00.000Z']);
  });

  it('retries a schedule that failed to start', async () => {
    const instance = scheduler();
    fails = true;
    expect(await instance.tick()).toBe(0);
    fails = false;
    expect(await instance.tick()).toBeGreaterThan(0);
  });
});
