import { createHash } from 'node:crypto';
import { canonicalJson } from '../../platform/crypto/canonical-json.js';
import { SYSTEM_ORG_ID } from '../../platform/clock/id.js';
import type { RetentionDeclaration } from '../../platform/feature/declarations.js';
import { declaration, declared } from '../../platform/feature/registry.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;

/**
 * A declared policy with its name, and whether its rows belong to organizations. `days` is what holds in the
 * organization, by its own setting or as declared.
 */
export interface RetentionPolicy extends RetentionDeclaration {
  name: string;
  tenant: boolean;
  declaredDays: number;
}

/** What a policy would remove now: rows whose age lies before the cutoff. */
export interface RetentionPlan {
  policy: string;
  due: number;
  oldest: Date | null;
  cutoff: Date;
  /** SHA-256 over all of this and the declaration, in hex: the same while nothing of it changes. */
  planHash: string;
}

/**
 * The policies that work on an organization's rows, with its own settings of days by policy; the installation's own
 * tables count as the nil organization's.
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
 * What is older is due. It moves on the full hour, so that a preview and the run that follows agree. A period below the
 * floor counts as the floor.
 */
export function cutoffOf({ days, floorDays }: RetentionPolicy, now: Date): Date {
  const kept = Math.max(days, floorDays) * DAY;
  return new Date(Math.floor((now.getTime() - kept) / HOUR) * HOUR);
}

/** When a row of this age became due. */
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
