import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { startOf, type Position } from './position.js';

/** An event that the caller may know of. */
export interface LiveEvent {
  position: Position;
  type: string;
  targetType: string | null;
  targetId: string | null;
  occurredAt: Date;
}

/** Events in order, and the place up to which they are all there is. */
export interface Batch {
  events: LiveEvent[];
  end: Position;
}

/** How far an organization's events have come; `waiting` tells of newer ones behind a transaction that is not over. */
export interface Head {
  /** A transaction id; null when there are none. */
  newest: string | null;
  waiting: boolean;
}

type Row = { horizon: string; id: string | null; transactionId: string } & Omit<LiveEvent, 'position'>;

/**
 * Rows in the order of their transactions' ids, and only of those below the oldest transaction that is not over: what
 * commits late would otherwise come to lie before the place that a listener has read up to.
 * The horizon stands in the statement that reads, so that both see the same snapshot.
 */
const AFTER = `
  SELECT s.horizon::text AS horizon, e.*
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon) s
    LEFT JOIN LATERAL (
      SELECT l.id, l.transaction_id::text AS "transactionId", l.type, l.target_type AS "targetType",
        l.target_id AS "targetId",
             l.occurred_at AS "occurredAt"
        FROM realtime_events l
       WHERE l.org_id = $1 AND (l.transaction_id, l.id) > ($2::xid8, $3::uuid) AND l.transaction_id < s.horizon
       ORDER BY l.transaction_id, l.id LIMIT $4
    ) e ON true`;

/** Events of the current organization, as far as the row policies show them to the caller at this moment. */
@Injectable()
export class RealtimeRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** At most `limit` events after a place. */
  async after({ transactionId, id }: Position, limit: number): Promise<Batch> {
    const rows = await this.unitOfWork.sql<Row & Record<string, unknown>>(AFTER, [
      currentContext().orgId,
      transactionId,
      id,
      limit,
    ]);
    const events = rows
      .filter((row) => row.id !== null)
      .map(({ id: eventId, transactionId: xid, type, targetType, targetId, occurredAt }) => ({
        position: { transactionId: xid, id: eventId! },
        type,
        targetType,
        targetId,
        occurredAt,
      }));
    return { events, end: events.length === limit ? events.at(-1)!.position : startOf(rows[0]!.horizon) };
  }

  async head(): Promise<Head> {
    const [row] = await this.unitOfWork.sql<{ newest: string | null; waiting: boolean }>(
      'SELECT newest::text, waiting FROM app.realtime_head()',
    );
    return row!;
  }

  /** The place of what begins now. */
  async present(): Promise<Position> {
    const [row] = await this.unitOfWork.sql<{ horizon: string }>(
      'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon',
    );
    return startOf(row!.horizon);
  }
}
