import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan } from 'typeorm';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { WebhookSourceEntity } from './webhook-source.entity.js';

/** A signing secret on its way into the database. */
export interface SealedSecret {
  id: string;
  sourceId: string;
  sealed: Buffer;
  entranceHash: Buffer;
}

export interface SecretRow {
  id: string;
  createdAt: Date;
  expiresAt: Date | null;
  [column: string]: unknown;
}

/** The sources of the current organization that are not removed, and their secrets, which are never read back. */
@Injectable()
export class WebhookSourcesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** A page in order of id, which is the order of creation; `after` is the last id seen. */
  list(after: string | null, limit: number): Promise<WebhookSourceEntity[]> {
    return this.unitOfWork.manager.find(WebhookSourceEntity, {
      where: { orgId: currentContext().orgId, removedAt: IsNull(), ...(after !== null && { id: MoreThan(after) }) },
      order: { id: 'ASC' },
      take: limit,
    });
  }

  find(id: string): Promise<WebhookSourceEntity | null> {
    return this.unitOfWork.manager.findOneBy(WebhookSourceEntity, { ...this.key(id), removedAt: IsNull() });
  }

  async insert(source: Pick<WebhookSourceEntity, 'id' | 'name' | 'scheme' | 'limitPerMinute'>): Promise<void> {
    await this.unitOfWork.manager.insert(WebhookSourceEntity, { ...source, orgId: currentContext().orgId });
  }

  /** False when there is no such source. */
  async update(id: string, changes: Partial<WebhookSourceEntity>): Promise<boolean> {
    const { affected } = await this.unitOfWork.manager.update(
      WebhookSourceEntity,
      { ...this.key(id), removedAt: IsNull() },
      changes,
    );
    return Boolean(affected);
  }

  /** The secrets that are valid now, the newest first. */
  secrets(sourceId: string): Promise<SecretRow[]> {
    return this.unitOfWork.sql<SecretRow>(
      `SELECT id, created_at AS "createdAt", expires_at AS "expiresAt" FROM webhook_secrets
        WHERE org_id = $1 AND source_id = $2 AND (expires_at IS NULL OR expires_at > now()) ORDER BY id DESC`,
      [currentContext().orgId, sourceId],
    );
  }

  async insertSecret({ id, sourceId, sealed, entranceHash }: SealedSecret): Promise<void> {
    await this.unitOfWork.execute(
      'INSERT INTO webhook_secrets (org_id, id, source_id, secret_enc, entrance_hash) VALUES ($1, $2, $3, $4, $5)',
      [currentContext().orgId, id, sourceId, sealed, entranceHash],
    );
  }

  /** Lets every secret of a source end at a time, unless it ends earlier. */
  async expireSecrets(sourceId: string, at: Date): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE webhook_secrets SET expires_at = $3
        WHERE org_id = $1 AND source_id = $2 AND (expires_at IS NULL OR expires_at > $3)`,
      [currentContext().orgId, sourceId, at],
    );
  }

  private key(id: string): { orgId: string; id: string } {
    return { orgId: currentContext().orgId, id };
  }
}
