import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

/** The time of the newest applied event of each record, per webhook source. The worker uses it. */
@Injectable()
export class OrderMarksRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Moves the mark of a record to the time of an event. Returns false, and changes nothing, when the mark is newer. An
   * equal time is not newer: senders with whole seconds rely on the order of arrival. The statement locks the mark
   * until the effect of the event is committed.
   *
   * @param at the time of the event in UTC, as Postgres reads it
   */
  async advance(orderKey: string, at: string): Promise<boolean> {
    const moved = await this.unitOfWork.execute(
      `INSERT INTO webhook_order_marks AS m (org_id, order_key, event_at) VALUES ($1, $2, $3)
       ON CONFLICT (org_id, order_key) DO UPDATE SET event_at = excluded.event_at, applied_at = excluded.applied_at
         WHERE m.event_at <= excluded.event_at`,
      [currentContext().orgId, orderKey, at],
    );
    return moved > 0;
  }
}
