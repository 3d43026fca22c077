import { createHash } from 'node:crypto';
import { canonicalJson } from '../../platform/crypto/canonical-json.js';
import { SYSTEM_ORG_ID } from '../../platform/clock/id.js';
import type { RetentionDeclaration } from '../../platform/feature/declarations.js';
import { declaration, declared } from '../../platform/feature/registry.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;

/**
 * A declared policy with its name. `tenant` is true when its rows belong to organizations. `days` is the organization's
 * setting, or the declared value without a setting.
 */
export interface RetentionPolicy extends RetentionDeclaration {
  name: string;
  tenant: boolean;
  declaredDays: number;
}

/** The rows that a policy would remove now: rows older than the cutoff. */
export interface RetentionPlan {
  policy: string;
  due: number;
  oldest: Date | null;
  cutoff: Date;
  /** SHA-256 in hex over the plan and the declaration: equal as long as neither changes. */
  planHash: string;
}

/**
 * Returns the policies for an organization's rows, with its settings of days by policy. The installation's own tables
 * belong to the nil organization.
 */
export function policiesOf(orgId: string, ownDays: ReadonlyMap<string, number> = new Map()): RetentionPolicy[] {
  return [...declared('retention')]
    .map(([name, policy]) => ({
      ...policy,
      name,
      tenant: declaration('tables', policy.table).kind === 'tenant',
      days: ownDays.get(name) ?? policy.days,
      declaredDays: policy.days,
    }))
    .filter(({ tenant }) => tenant || orgId === SYSTEM_ORG_ID);
}

/**
 * Returns the time before which rows are due. It moves on the full hour, so that a preview and the following run agree.
 * A period below the floor counts as the floor.
 */
export function cutoffOf({ days, floorDays }: RetentionPolicy, now: Date): Date {
  const keptMs = Math.max(days, floorDays) * DAY;
  return new Date(Math.floor((now.getTime() - keptMs) / HOUR) * HOUR);
}

/** Returns when a row of this age became due. */
export function dueSince({ days, floorDays }: RetentionPolicy, age: Date): Date {
  return new Date(age.getTime() + Math.max(days, floorDays) * DAY);
}

export function planOf(
  orgId: string,
  policy: RetentionPolicy,
  cutoff: Date,
  { due, oldest }: Pick<RetentionPlan, 'due' | 'oldest'>,
): RetentionPlan {
  const { name, table, ageColumn, action, where = null, objectColumn = null } = policy;
  const facts = {
    orgId,
    policy: name,
    table,
    ageColumn,
    action,
    where,
    objectColumn,
    cutoff: cutoff.toISOString(),
    due,
    oldest: oldest?.toISOString() ?? null,
  };
  return {
    policy: name,
    due,
    oldest,
    cutoff,
    planHash: createHash('sha256').update(canonicalJson(facts)).digest('hex'),
  };
}
