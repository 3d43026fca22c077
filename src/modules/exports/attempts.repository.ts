import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { SealingKey, StoredObject } from '../../platform/storage/index.js';
import { FILE_HOURS, type ExportKind } from './export.js';
import type { PeopleFilter } from './people-csv.js';

/**
 * An attempt of the worker to build a file. Its object key identifies it. Only the latest attempt can finish the
 * export.
 */
export interface ExportAttempt {
  id: string;
  kind: ExportKind;
  personId: string | null;
  filter: PeopleFilter;
  bom: boolean;
  requestedBy: string;
  objectKey: string;
}

/** The file that an attempt has built. */
export interface RenderedExport {
  stored: StoredObject;
  seal: SealingKey;
  rows: number;
  /** The contact fields that the file shows. */
  unlocked: readonly string[];
}

interface OpenExport extends Omit<ExportAttempt, 'objectKey'> {
  formerKey: string | null;
  [column: string]: unknown;
}

/** Reads and writes the exports of the current organization. The worker uses it. */
@Injectable()
export class AttemptsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Locks an unfinished export and returns it, with the object key of an earlier attempt if one exists. Returns null
   * when the export is no longer queued or running.
   */
  async open(id: string): Promise<OpenExport | null> {
    const [row] = await this.unitOfWork.sql<OpenExport>(
      `SELECT id, kind, person_id AS "personId", filter, bom, requested_by AS "requestedBy",
              object_key AS "formerKey"
         FROM exports WHERE org_id = $1 AND id = $2 AND state IN ('queued', 'running') FOR UPDATE`,
      [this.orgId, id],
    );
    return row ?? null;
  }

  /** Stores the object key before the worker writes the file. After a crash, the file can then be found and removed. */
  async begin(id: string, objectKey: string): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE exports SET state = 'running', rows = 0, object_key = $3 WHERE org_id = $1 AND id = $2`,
      [this.orgId, id, objectKey],
    );
  }

  async progress({ id, objectKey }: ExportAttempt, rows: number): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE exports SET rows = $4 WHERE org_id = $1 AND id = $2 AND state = 'running' AND object_key = $3`,
      [this.orgId, id, objectKey, rows],
    );
  }

  /** Marks the export as ready. Returns false when a later attempt has started. */
  async finish({ id, objectKey }: ExportAttempt, { stored, seal, rows }: RenderedExport): Promise<boolean> {
    const finished = await this.unitOfWork.execute(
      `UPDATE exports SET state = 'ready', rows = $4, bytes = $5, sha256 = $6, key_version = $7,
              finished_at = now(), expires_at = now() + make_interval(hours => $8)
        WHERE org_id = $1 AND id = $2 AND state = 'running' AND object_key = $3`,
      [this.orgId, id, objectKey, rows, stored.bytes, stored.sha256, seal.keyVersion, FILE_HOURS],
    );
    return finished > 0;
  }

  /** Marks the export as failed. Returns false when a later attempt has started. */
  async fail({ id, objectKey }: ExportAttempt, errorCode: string): Promise<boolean> {
    const failed = await this.unitOfWork.execute(
      `UPDATE exports SET state = 'failed', object_key = NULL, error_code = $4, finished_at = now()
        WHERE org_id = $1 AND id = $2 AND state = 'running' AND object_key = $3`,
      [this.orgId, id, objectKey, errorCode],
    );
    return failed > 0;
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
