import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newId } from '../../platform/clock/id.js';
import { batchStatement, planStatement } from './policy-sql.js';
import { cutoffOf, dueSince, planOf, type RetentionPolicy } from './policy.js';

const policy: RetentionPolicy = {
  name: 'things.old',
  description: 'Old things',
  table: 'things',
  ageColumn: 'created_at',
  days: 30,
  floorDays: 7,
  action: 'delete',
  tenant: true,
  declaredDays: 30,
};
const DAY = 86_400_000;
const moment = fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

describe('the cutoff of a policy', () => {
  it('is at least the period and at least the floor ago, and is constant within an hour', () => {
    fc.assert(
      fc.property(moment, fc.nat(5_000), fc.nat(5_000), (now, days, floorDays) => {
        const keptDays = (now.getTime() - cutoffOf({ ...policy, days, floorDays }, now).getTime()) / DAY;
        expect(keptDays).toBeGreaterThanOrEqual(Math.max(days, floorDays));
        expect(keptDays).toBeLessThan(Math.max(days, floorDays) + 1 / 24);
      }),
    );
  });

  it('includes a row exactly when the row is due by its age', () => {
    fc.assert(
      fc.property(moment, fc.nat(400), (now, hours) => {
        const age = new Date(now.getTime() - 30 * DAY - hours * 3_600_000);
        expect(dueSince(policy, age).getTime()).toBe(age.getTime() + 30 * DAY);
        if (age < cutoffOf(policy, now)) expect(dueSince(policy, age).getTime()).toBeLessThanOrEqual(now.getTime());
      }),
    );
  });
});

describe('the hash of a plan', () => {
  const orgId = newId();
  const cutoff = new Date('2026-01-01T00:00:00Z');
  const plan = (
    changes: Partial<RetentionPolicy> = {},
    due = 3,
    oldest: Date | null = new Date(0),
    org = orgId,
    at = cutoff,
  ) => planOf(org, { ...policy, ...changes }, at, { due, oldest }).planHash;

  it('is equal for equal plans, and a hexadecimal SHA-256', () => {
    expect(plan()).toMatch(/^[0-9a-f]{64}$/);
    expect(plan()).toBe(plan());
  });

  it.each([
    ['other rows', plan({}, 4)],
    ['another oldest row', plan({}, 3, null)],
    ['another organization', plan({}, 3, new Date(0), newId())],
    ['another cutoff', plan({}, 3, new Date(0), orgId, new Date(1))],
    ['another condition', plan({ where: 'done' })],
    ['another action', plan({ action: { clear: ['body'] } })],
    ['another table', plan({ table: 'others' })],
  ])('changes with %s', (_what, hash) => expect(hash).not.toBe(plan()));
});

describe('the SQL of a policy', () => {
  it('filters by organization for tenant tables only', () => {
    const orgId = newId();
    const cutoff = new Date();
    expect(planStatement(policy, orgId, cutoff)).toEqual({
      text: 'SELECT count(*) AS due, min("created_at") AS oldest FROM "things" WHERE "created_at" < $1 AND org_id = $2',
      values: [cutoff, orgId],
    });
    expect(batchStatement({ ...policy, tenant: false }, orgId, cutoff)).toMatchObject({
      text: expect.not.stringContaining('org_id'),
      values: [cutoff],
    });
  });

  it.each([
    ['table', { table: 'things; DROP TABLE people' }],
    ['age column', { ageColumn: 'now()) --' }],
    ['emptied column', { action: { clear: ['a" = 1, "b'] }, where: 'true' }],
    ['object column', { objectColumn: 'Key' }],
  ])('rejects an invalid %s in a declaration', (_what, changes) => {
    expect(() => batchStatement({ ...policy, ...changes }, newId(), new Date())).toThrow(
      /invalid table or column name/,
    );
  });

  it('rejects a policy that would clear the same columns again', () => {
    expect(() => batchStatement({ ...policy, action: { clear: ['body'] } }, newId(), new Date())).toThrow(
      /must exclude rows whose columns are already empty/,
    );
  });
});
