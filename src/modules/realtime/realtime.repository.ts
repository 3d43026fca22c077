import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { startOf, type Position } from './position.js';

/** An event that the caller is allowed to see. */
export interface LiveEvent {
  position: Position;
  type: string;
  targetType: string | null;
  targetId: string | null;
  occurredAt: Date;
}

/** Events in order, and a position. No event at or before this position can still appear. */
export interface Batch {
  events: LiveEvent[];
  end: Position;
}

/**
 * The newest position of an organization. If `waiting` is true, newer events exist, but an open transaction delays
 * their delivery.
 */
export interface Head {
  /** A transaction id. Null when the organization has no events. */
  newest: string | null;
  waiting: boolean;
}

type Row = { horizon: string; id: string | null; transactionId: string } & Omit<LiveEvent, 'position'>;

/**
 * Selects rows in the order of their transaction ids, up to the oldest open transaction. Without that limit, a late
 * commit could add rows before a position that a stream has already passed. The statement that reads the rows also
 * computes the limit, so both use the same snapshot.
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

/** Reads events of the current organization. Row policies limit them to the events that the caller may see. */
@Injectable()
export class RealtimeRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns at most `limit` events after a position. */
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

  /** Returns the position at which a new stream starts. */
  async present(): Promise<Position> {
    const [row] = await this.unitOfWork.sql<{ horizon: string }>(
      'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon',
    );
    return startOf(row!.horizon);
  }
}
