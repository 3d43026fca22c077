import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { pageStatement, type AuditFilter, type Outcome, type Position } from './audit-search.js';

/** An entry as it is stored; `payload` is canonical JSON of the personal part, null once erased. */
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

/** The log of the current organization. */
@Injectable()
export class AuditRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** A page, newest first; `after` is the place of the last entry seen. */
  page(filter: AuditFilter, after: Position | null, limit: number): Promise<AuditEventRow[]> {
    const { text, values } = pageStatement(currentContext().orgId, filter, after, limit);
    return this.unitOfWork.sql<AuditEventRow>(text, values);
  }

  /** Makes the partitions of the months ahead that are missing; returns how many. For the worker's role alone. */
  async ensurePartitions(monthsAhead: number): Promise<number> {
    const [row] = await this.unitOfWork.sql<{ made: number }>('SELECT app.ensure_audit_partitions($1) AS made', [
      monthsAhead,
    ]);
    return row!.made;
  }
}
