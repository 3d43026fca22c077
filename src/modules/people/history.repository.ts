import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

/** A snapshot from the database trigger; `before` holds the columns in the format of `to_jsonb`. */
export interface SnapshotRow {
  version: number;
  takenAt: Date;
  changedBy: string | null;
  changed: string[];
  before: Record<string, unknown>;
  [column: string]: unknown;
}

/** Reads snapshots of people in the current organization, within the caller's scope. Only a trigger writes them. */
@Injectable()
export class HistoryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns a page, newest first; `before` is the last version of the previous page. */
  list(personId: string, before: number | null, limit: number): Promise<SnapshotRow[]> {
    return this.unitOfWork.sql<SnapshotRow>(
      `SELECT version, taken_at AS "takenAt", changed_by AS "changedBy", changed, before
         FROM person_snapshots WHERE org_id = $1 AND person_id = $2 AND ($3::integer IS NULL OR version < $3)
        ORDER BY version DESC LIMIT $4`,
      [currentContext().orgId, personId, before, limit],
    );
  }
}
