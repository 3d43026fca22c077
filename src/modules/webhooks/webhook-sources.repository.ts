import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { insertInto, selectList, setList, type RowOf } from '../../platform/database/columns.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { WEBHOOK_SOURCE_COLUMNS, type WebhookSourceEntity } from './webhook-source.entity.js';

const COLUMNS = selectList(WEBHOOK_SOURCE_COLUMNS);

/** An encrypted signing secret to store. */
export interface SealedSecret {
  id: string;
  sourceId: string;
  sealed: Buffer;
  dbSecretHash: Buffer;
}

export interface SecretRow {
  id: string;
  createdAt: Date;
  expiresAt: Date | null;
  [column: string]: unknown;
}

/**
 * Reads and writes webhook sources of the current organization. It stores their signing secrets but never reads them.
 */
@Injectable()
export class WebhookSourcesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Returns a page of sources, oldest first. Ids increase with the creation time. `after` is the last id of the
   * previous page.
   */
  list(after: string | null, limit: number): Promise<WebhookSourceEntity[]> {
    return this.unitOfWork.sql<RowOf<WebhookSourceEntity>>(
      `SELECT ${COLUMNS} FROM webhook_sources
        WHERE org_id = $1 AND removed_at IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
      [currentContext().orgId, after, limit],
    );
  }

  async find(id: string): Promise<WebhookSourceEntity | null> {
    const [row] = await this.unitOfWork.sql<RowOf<WebhookSourceEntity>>(
      `SELECT ${COLUMNS} FROM webhook_sources WHERE org_id = $1 AND id = $2 AND removed_at IS NULL`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }

  /** Returns whether the organization has or had this source. Removed sources keep their deliveries. */
  async existed(id: string): Promise<boolean> {
    const rows = await this.unitOfWork.sql('SELECT 1 FROM webhook_sources WHERE org_id = $1 AND id = $2', [
      currentContext().orgId,
      id,
    ]);
    return rows.length > 0;
  }

  async insert(
    source: Pick<WebhookSourceEntity, 'id' | 'name' | 'scheme' | 'limitPerMinute' | 'events'>,
  ): Promise<void> {
    const row = { ...source, orgId: currentContext().orgId };
    await this.unitOfWork.executeVarying(insertInto('webhook_sources', WEBHOOK_SOURCE_COLUMNS, row));
  }

  /** Changes a source. Returns false when there is no such source. */
  async update(id: string, changes: Partial<WebhookSourceEntity>): Promise<boolean> {
    const values: unknown[] = [currentContext().orgId, id];
    const set = setList(WEBHOOK_SOURCE_COLUMNS, changes, values);
    const changed = await this.unitOfWork.executeVarying({
      text: `UPDATE webhook_sources SET ${set.join(', ')} WHERE org_id = $1 AND id = $2 AND removed_at IS NULL`,
      values,
    });
    return changed > 0;
  }

  /** Returns the secrets that are valid now, newest first, without their values. */
  secrets(sourceId: string): Promise<SecretRow[]> {
    return this.unitOfWork.sql<SecretRow>(
      `SELECT id, created_at AS "createdAt", expires_at AS "expiresAt" FROM webhook_secrets
        WHERE org_id = $1 AND source_id = $2 AND (expires_at IS NULL OR expires_at > now()) ORDER BY id DESC`,
      [currentContext().orgId, sourceId],
    );
  }

  async insertSecret({ id, sourceId, sealed, dbSecretHash }: SealedSecret): Promise<void> {
    await this.unitOfWork.execute(
      'INSERT INTO webhook_secrets (org_id, id, source_id, secret_enc, db_secret_hash) VALUES ($1, $2, $3, $4, $5)',
      [currentContext().orgId, id, sourceId, sealed, dbSecretHash],
    );
  }

  /** Sets the expiry of every secret of a source. A secret that expires earlier does not change. */
  async expireSecrets(sourceId: string, at: Date): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE webhook_secrets SET expires_at = $3
        WHERE org_id = $1 AND source_id = $2 AND (expires_at IS NULL OR expires_at > $3)`,
      [currentContext().orgId, sourceId, at],
    );
  }
}
