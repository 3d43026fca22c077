import type { AuditFacts, AuditRow } from '../database/audit-row.js';
import type { Statement } from '../database/statement.js';
import { declared } from '../feature/registry.js';

const INSERT = `
  INSERT INTO realtime_events (org_id, id, type, target_type, target_id, person_id, permission, occurred_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;

/** Returns true if subscribers receive events of a type. */
export function isRealtime(type: string): boolean {
  return declared('events').get(type)?.realtime !== undefined;
}

/** Returns one INSERT for each audit event of a real-time type. */
export function realtimeStatements(rows: readonly AuditRow[]): Statement[] {
  return rows
    .filter(({ facts }) => isRealtime(facts.type))
    .map(({ facts }) => {
      const { orgId, id, type, targetType, targetId, occurredAt } = facts;
      return {
        text: INSERT,
        values: [
          orgId,
          id,
          type,
          targetType,
          targetId,
          personOf(facts),
          declared('events').get(type)!.realtime!.permission,
          occurredAt,
        ],
      };
    });
}

/** Returns the person of an event: its target or the person in its metadata. */
function personOf({ type, targetType, targetId, meta }: AuditFacts): unknown {
  if (targetType === 'person') return targetId;
  const field = declared('events').get(type)!.realtime!.person;
  return field === undefined ? null : (meta[field] ?? null);
}
