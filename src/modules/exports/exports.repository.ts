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
  bom: boolean;
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

/** A file that the caller may download now. */
export interface LinkedFile {
  kind: ExportKind;
  personId: string | null;
  rows: number;
  bytes: number;
  sha256: Buffer;
  objectKey: string;
  keyVersion: number;
  [column: string]: unknown;
}

/** A download link, and the caller who uses it. */
export interface LinkUse {
  id: string;
  membershipId: string;
  sessionId: string;
  tokenHash: Buffer;
}

export type NewExport = Pick<ExportRow, 'id' | 'kind' | 'personId' | 'filter' | 'bom' | 'requestedBy'>;

const COLUMNS = `e.id, e.kind, e.person_id AS "personId", e.filter, e.bom, e.requested_by AS "requestedBy",
  CASE WHEN e.state = 'ready' AND e.expires_at <= now() THEN 'expired' ELSE e.state END AS status,
  e.rows, e.bytes::float8 AS bytes, e.sha256, e.error_code AS "errorCode", e.created_at AS "createdAt",
  e.finished_at AS "finishedAt", e.expires_at AS "expiresAt"`;
const LINKED_FILE = `kind, person_id AS "personId", rows, bytes::float8 AS bytes, sha256, object_key AS "objectKey",
  key_version AS "keyVersion"`;
/** The link of a member that is valid now. Parameters: organization, export, membership, digest of the token. */
const VALID_LINK = `org_id = $1 AND id = $2 AND requested_by = $3 AND token_hash = $4 AND token_expires_at > now()
  AND expires_at > now() AND object_key IS NOT NULL`;

/** Reads and writes the exports of the current organization. The API uses it. */
@Injectable()
export class ExportsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async insert({ id, kind, personId, filter, bom, requestedBy }: NewExport): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO exports (org_id, id, kind, person_id, filter, bom, requested_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [this.orgId, id, kind, personId, JSON.stringify(filter), bom, requestedBy],
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
   * Marks a link as used by a session and returns its file. One statement does both, so only one of several parallel
   * requests receives the file. Until the link expires, the session can continue the download. After that, retention
   * may remove the file.
   */
  async consumeLink({ id, membershipId, tokenHash, sessionId }: LinkUse): Promise<LinkedFile | null> {
    const [row] = await this.unitOfWork.sql<LinkedFile>(
      `UPDATE exports SET state = 'downloaded', download_session = $5, expires_at = token_expires_at
        WHERE ${VALID_LINK} AND state = 'ready' RETURNING ${LINKED_FILE}`,
      [this.orgId, id, membershipId, tokenHash, sessionId],
    );
    return row ?? null;
  }

  /** Returns the file of a link that this session has used and whose file it has not received completely. */
  async resumeLink({ id, membershipId, tokenHash, sessionId }: LinkUse): Promise<LinkedFile | null> {
    const [row] = await this.unitOfWork.sql<LinkedFile>(
      `SELECT ${LINKED_FILE} FROM exports WHERE ${VALID_LINK} AND state = 'downloaded' AND download_session = $5`,
      [this.orgId, id, membershipId, tokenHash, sessionId],
    );
    return row ?? null;
  }

  /** Ends a used link. After that, retention may remove the file. */
  async endLink({ id, membershipId, tokenHash, sessionId }: LinkUse): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE exports SET token_hash = NULL, token_expires_at = NULL, expires_at = now()
        WHERE ${VALID_LINK} AND state = 'downloaded' AND download_session = $5`,
      [this.orgId, id, membershipId, tokenHash, sessionId],
    );
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
