import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AuditLog } from '../../platform/audit/audit-log.js';
import { Context, currentContext, withContext } from '../../platform/context/context.js';
import type { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { RejectionLog } from './rejection-log.js';

const source = { id: 'source', orgId: 'org' };
const entries: { orgId: string; meta: unknown }[] = [];
const audit = {
  record: (_type: string, { meta }: { meta: unknown }) => entries.push({ orgId: currentContext().orgId, meta }),
};
const unitOfWork = { run: (_entrance: unknown, fn: () => unknown) => Promise.resolve(fn()) };
let refusals: RejectionLog;
const note = (reason: Parameters<RejectionLog['record']>[1]) =>
  withContext(new Context(), () => refusals.record(source, reason));

beforeEach(() => {
  jest.useFakeTimers();
  entries.length = 0;
  refusals = new RejectionLog(unitOfWork as unknown as UnitOfWork, audit as unknown as AuditLog);
});
afterEach(() => {
  jest.useRealTimers();
});

describe('Refusals', () => {
  it('writes the first at once and the rest of the minute as one entry with its number', async () => {
    for (let i = 0; i < 1_000; i += 1)
      await note(i % 2 === 0 ? 'webhook_signature_invalid' : 'webhook_headers_invalid');
    expect(entries).toEqual([{ orgId: 'org', meta: { reasons: ['webhook_signature_invalid'], count: 1 } }]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(entries[1]).toEqual({
      orgId: 'org',
      meta: { reasons: ['webhook_headers_invalid', 'webhook_signature_invalid'], count: 999 },
    });
    expect(entries).toHaveLength(2);
  });

  it('begins anew after a quiet minute', async () => {
    await note('webhook_signature_invalid');
    await jest.advanceTimersByTimeAsync(60_000);
    await note('webhook_signature_invalid');
    expect(entries.map(({ meta }) => (meta as { count: number }).count)).toEqual([1, 1]);
  });

  it('writes what is still counted when the process stops', async () => {
    await note('webhook_signature_invalid');
    await note('webhook_signature_invalid');
    await refusals.beforeApplicationShutdown();
    expect(entries.map(({ meta }) => (meta as { count: number }).count)).toEqual([1, 1]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('lets the refusal stand when it cannot be written', async () => {
    refusals = new RejectionLog(
      { run: () => Promise.reject(new Error('gone')) } as unknown as UnitOfWork,
      audit as unknown as AuditLog,
    );
    const silenced = jest
      .spyOn((refusals as unknown as { log: { error: () => void } }).log, 'error')
      .mockImplementation(() => undefined);
    await expect(note('webhook_signature_invalid')).resolves.toBeUndefined();
    expect(silenced).toHaveBeenCalledTimes(1);
  });
});
