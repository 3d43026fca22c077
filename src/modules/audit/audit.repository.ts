import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { pageStatement, type AuditFilter, type Outcome, type Position } from './audit-search.js';

/** A stored audit event. `payload` is the canonical JSON of the personal data. It is null after erasure. */
export interface AuditEventRow {
  id: string;
  occurredAt: Date;
  type: string;
  outcome: Outcome;
  actorType: 'user' | 'system' | 'source' | 'anonymous';
  actorId: string | null;
  targetType: string | null;
  targetId: string | null;
  requestId: string;
  apiKeyId: string | null;
  accessGrantId: string | null;
  meta: Record<string, unknown>;
  payload: Buffer | null;
  [column: string]: unknown;
}

/** Reads the audit log of the current organization. */
@Injectable()
export class AuditRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns a page of events, newest first. `after` is the position of the last event of the previous page. */
  page(filter: AuditFilter, after: Position | null, limit: number): Promise<AuditEventRow[]> {
    const { text, values } = pageStatement(currentContext().orgId, filter, after, limit);
    return this.unitOfWork.sql<AuditEventRow>(text, values);
  }

  /**
   * Creates the missing partitions for the next months. Returns the number of created partitions. Requires the worker's
   * database role.
   */
  async ensurePartitions(monthsAhead: number): Promise<number> {
    const [row] = await this.unitOfWork.sql<{ made: number }>('SELECT app.ensure_audit_partitions($1) AS made', [
      monthsAhead,
    ]);
    return row!.made;
  }
}
