import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';

/** A token without its secret hash. The application's database role cannot read that hash. */
export type ScimTokenRow = {
  id: string;
  prefix: string;
  createdAt: Date;
  expiresAt: Date;
  lastUsedAt: Date | null;
  lastUsedIp: string | null;
  revokedAt: Date | null;
};

export type NewScimToken = Pick<ScimTokenRow, 'id' | 'prefix'> & {
  connectionId: string;
  secretHash: Buffer;
  days: number;
};

const COLUMNS = `t.id, t.prefix, t.created_at AS "createdAt", t.expires_at AS "expiresAt",
  t.last_used_at AS "lastUsedAt",
  host(t.last_used_ip) AS "lastUsedIp", t.revoked_at AS "revokedAt"`;

/** Stores the SCIM tokens of the current organization. */
@Injectable()
export class ScimTokensRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the tokens of a connection, newest first. At most two of them are active. */
  list(connectionId: string): Promise<ScimTokenRow[]> {
    return this.unitOfWork.sql<ScimTokenRow>(
      `SELECT ${COLUMNS} FROM scim_tokens t WHERE t.org_id = $1 AND t.connection_id = $2 ORDER BY t.id DESC LIMIT 200`,
      [this.orgId, connectionId],
    );
  }

  async find(id: string): Promise<ScimTokenRow | null> {
    return (
      (
        await this.unitOfWork.sql<ScimTokenRow>(
          `SELECT ${COLUMNS} FROM scim_tokens t WHERE t.org_id = $1 AND t.id = $2`,
          [this.orgId, id],
        )
      )[0] ?? null
    );
  }

  /** Stores a token. Throws `scim_token_limit_reached` when the connection already has two active tokens. */
  async insert({ id, connectionId, prefix, secretHash, days }: NewScimToken): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO scim_tokens (org_id, id, connection_id, prefix, secret_hash, expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + make_interval(hours => 24 * $6::integer))`,
      [this.orgId, id, connectionId, prefix, secretHash, days],
    );
  }

  async revoke(connectionId: string, id: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        `UPDATE scim_tokens SET revoked_at = now() WHERE org_id = $1 AND connection_id = $2 AND id = $3
           AND revoked_at IS NULL`,
        [this.orgId, connectionId, id],
      )) > 0
    );
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
