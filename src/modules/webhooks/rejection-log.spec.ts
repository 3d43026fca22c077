import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AuditLog } from '../../platform/audit/audit-log.js';
import { Context, currentContext, withContext } from '../../platform/context/context.js';
import type { TenantContext } from '../../platform/database/tenant-context.js';
import type { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { RejectionLog } from './rejection-log.js';

const source = { id: 'source', orgId: 'org' };
const entries: { orgId: string; meta: unknown }[] = [];
const audit = {
  record: (_type: string, { meta }: { meta: unknown }) => entries.push({ orgId: currentContext().orgId, meta }),
};
/** Applies the identity of the tenant context, like the real unit of work, and needs no database. */
const unitOfWork = {
  run: async (tenant: TenantContext, fn: () => unknown) => {
    currentContext().identify(tenant.identity!({}));
    return fn();
  },
};
let rejections: RejectionLog;
const record = (reason: Parameters<RejectionLog['record']>[1]) =>
  withContext(new Context(), () => rejections.record(source, reason));

beforeEach(() => {
  jest.useFakeTimers();
  entries.length = 0;
  rejections = new RejectionLog(unitOfWork as unknown as UnitOfWork, audit as unknown as AuditLog);
});
afterEach(() => {
  jest.useRealTimers();
});

describe('RejectionLog', () => {
  it('records the first rejection at once and the rest of the minute as one event with a count', async () => {
    for (let i = 0; i < 1_000; i += 1)
      await record(i % 2 === 0 ? 'webhook_signature_invalid' : 'webhook_headers_invalid');
    expect(entries).toEqual([{ orgId: 'org', meta: { reasons: ['webhook_signature_invalid'], count: 1 } }]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(entries[1]).toEqual({
      orgId: 'org',
      meta: { reasons: ['webhook_headers_invalid', 'webhook_signature_invalid'], count: 999 },
    });
    expect(entries).toHaveLength(2);
  });

  it('records at once again after a minute without rejections', async () => {
    await record('webhook_signature_invalid');
    await jest.advanceTimersByTimeAsync(60_000);
    await record('webhook_signature_invalid');
    expect(entries.map(({ meta }) => (meta as { count: number }).count)).toEqual([1, 1]);
  });

  it('records the pending count when the process stops', async () => {
    await record('webhook_signature_invalid');
    await record('webhook_signature_invalid');
    await rejections.beforeApplicationShutdown();
    expect(entries.map(({ meta }) => (meta as { count: number }).count)).toEqual([1, 1]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not throw when the event cannot be recorded', async () => {
    rejections = new RejectionLog(
      { run: () => Promise.reject(new Error('gone')) } as unknown as UnitOfWork,
      audit as unknown as AuditLog,
    );
    const silenced = jest
      .spyOn((rejections as unknown as { log: { error: () => void } }).log, 'error')
      .mockImplementation(() => undefined);
    await expect(record('webhook_signature_invalid')).resolves.toBeUndefined();
    expect(silenced).toHaveBeenCalledTimes(1);
  });
});
