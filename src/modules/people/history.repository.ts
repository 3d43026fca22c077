import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

/** A snapshot that the database trigger stored. `before` contains the columns in the format of `to_jsonb`. */
export interface SnapshotRow {
  version: number;
  takenAt: Date;
  changedBy: string | null;
  changed: string[];
  before: Record<string, unknown>;
  [column: string]: unknown;
}

/**
 * Reads snapshots of people in the current organization, limited to the caller's scope. Only the database trigger
 * writes them.
 */
@Injectable()
export class HistoryRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns a page of snapshots, newest first. `before` is the last version of the previous page. */
  list(personId: string, before: number | null, limit: number): Promise<SnapshotRow[]> {
    return this.unitOfWork.sql<SnapshotRow>(
      `SELECT version, taken_at AS "takenAt", changed_by AS "changedBy", changed, before
         FROM person_snapshots WHERE org_id = $1 AND person_id = $2 AND ($3::integer IS NULL OR version < $3)
        ORDER BY version DESC LIMIT $4`,
      [currentContext().orgId, personId, before, limit],
    );
  }
}
