import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { LINK_MINUTES, type ExportKind, type ExportStatus } from './export.js';
import type { PeopleFilter } from './people-csv.js';

/** The columns of an export that the API may return. They exclude the object key and the link. */
export interface ExportRow {
  id: string;
  kind: ExportKind;
  personId: string | null;
  filter: PeopleFilter;
  requestedBy: string;
  status: ExportStatus;
  rows: number;
  bytes: number | null;
  sha256: Buffer | null;
  errorCode: string | null;
  createdAt: Date;
  finishedAt: Date | null;
  expiresAt: Date | null;
  [column: string]: unknown;
}

/** A file that the caller may download now. Its link has been used. */
export interface ConsumedFile {
  kind: ExportKind;
  personId: string | null;
  rows: number;
  bytes: number;
  objectKey: string;
  keyVersion: number;
  [column: string]: unknown;
}

export type NewExport = Pick<ExportRow, 'id' | 'kind' | 'personId' | 'filter' | 'requestedBy'>;

const COLUMNS = `e.id, e.kind, e.person_id AS "personId", e.filter, e.requested_by AS "requestedBy",
  CASE WHEN e.state = 'ready' AND e.expires_at <= now() THEN 'expired' ELSE e.state END AS status,
  e.rows, e.bytes::float8 AS bytes, e.sha256, e.error_code AS "errorCode", e.created_at AS "createdAt",
  e.finished_at AS "finishedAt", e.expires_at AS "expiresAt"`;

/** Reads and writes the exports of the current organization. The API uses it. */
@Injectable()
export class ExportsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async insert({ id, kind, personId, filter, requestedBy }: NewExport): Promise<void> {
    await this.unitOfWork.execute(
      'INSERT INTO exports (org_id, id, kind, person_id, filter, requested_by) VALUES ($1, $2, $3, $4, $5, $6)',
      [this.orgId, id, kind, personId, JSON.stringify(filter), requestedBy],
    );
  }

  async find(id: string): Promise<ExportRow | null> {
    const [row] = await this.unitOfWork.sql<ExportRow>(
      `SELECT ${COLUMNS} FROM exports e WHERE e.org_id = $1 AND e.id = $2`,
      [this.orgId, id],
    );
    return row ?? null;
  }

  /** Returns a page of exports, newest first. `before` is the last id of the previous page. */
  list(before: string | null, limit: number): Promise<ExportRow[]> {
    return this.unitOfWork.sql<ExportRow>(
      `SELECT ${COLUMNS} FROM exports e WHERE e.org_id = $1 AND ($2::uuid IS NULL OR e.id < $2) ORDER BY e.id DESC
         LIMIT $3`,
      [this.orgId, before, limit],
    );
  }

  /**
   * Replaces the link and returns its expiry. Returns null when this member has no such export with a file to download.
   */
  async replaceLink(id: string, membershipId: string, tokenHash: Buffer): Promise<Date | null> {
    const [row] = await this.unitOfWork.sql<{ expiresAt: Date }>(
      `UPDATE exports SET token_hash = $4, token_expires_at = least(now() + make_interval(mins => $5), expires_at)
        WHERE org_id = $1 AND id = $2 AND requested_by = $3 AND state = 'ready' AND expires_at > now()
          AND object_key IS NOT NULL
       RETURNING token_expires_at AS "expiresAt"`,
      [this.orgId, id, membershipId, tokenHash, LINK_MINUTES],
    );
    return row?.expiresAt ?? null;
  }

  /**
   * Marks a link as used and returns its file. One statement does both, so only one of several parallel requests
   * receives the file. After that, retention may remove the file.
   */
  async consumeLink(id: string, membershipId: string, tokenHash: Buffer): Promise<ConsumedFile | null> {
    const [row] = await this.unitOfWork.sql<ConsumedFile>(
      `UPDATE exports SET state = 'downloaded', token_hash = NULL, token_expires_at = NULL, expires_at = now()
        WHERE org_id = $1 AND id = $2 AND requested_by = $3 AND state = 'ready' AND token_hash = $4
          AND token_expires_at > now() AND expires_at > now() AND object_key IS NOT NULL
       RETURNING kind, person_id AS "personId", rows, bytes::float8 AS bytes, object_key AS "objectKey",
         key_version AS "keyVersion"`,
      [this.orgId, id, membershipId, tokenHash],
    );
    return row ?? null;
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
