import { describe, expect, it } from '@jest/globals';
import { MetadataScanner, type DiscoveryService } from '@nestjs/core';
import type { JobName } from '../feature/registry.js';
import { JobHandlers } from './handlers.js';
import { OnJob, PermanentFailure, type JobContext } from './on-job.js';

class Reports {
  private readonly prefix = 'created by this instance: ';
  @OnJob('reports.make' as JobName, { emits: [] }) make(payload: { n: number }) {
    return Promise.resolve({ [this.prefix]: payload.n });
  }
  other() {
    return 1;
  }
}

class AlsoReports {
  @OnJob('reports.make' as JobName) again() {
    return Promise.resolve();
  }
}

const handlers = (...instances: unknown[]) =>
  new JobHandlers(
    {
      getProviders: () =>
        instances.map((instance) => ({ instance, name: (instance as object | null)?.constructor?.name })),
    } as unknown as DiscoveryService,
    new MetadataScanner(),
  );

describe('job handlers', () => {
  it('are found among all providers and keep their instance', async () => {
    const found = handlers(null, undefined, 'text', Object.create(null), new Reports()).byJob();
    expect([...found.keys()]).toEqual(['reports.make']);
    const { where, run } = found.get('reports.make')!;
    expect(where).toBe('Reports.make');
    expect(await run({ n: 7 }, {} as JobContext)).toEqual({ 'created by this instance: ': 7 });
  });

  it('throw for two handlers of one job and name both', () => {
    expect(() => handlers(new Reports(), new AlsoReports()).byJob()).toThrow(
      'the job "reports.make" has two handlers: Reports.make and AlsoReports.again',
    );
  });
});

describe('a permanent failure', () => {
  it('contains only its code in the message', () => {
    expect(new PermanentFailure('payload_expired', { cause: new Error('secret') }).message).toBe(
      'the job cannot succeed: payload_expired',
    );
  });
});
