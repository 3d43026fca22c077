import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

/** The readable columns of a key. The application's database role cannot read the secret hash. */
export type ApiKeyRow = {
  id: string;
  membershipId: string;
  name: string;
  prefix: string;
  permissions: string[];
  allowedRanges: string[] | null;
  createdAt: Date;
  expiresAt: Date;
  lastUsedAt: Date | null;
  lastUsedIp: string | null;
  revokedAt: Date | null;
  rotatedFrom: string | null;
};

export type NewApiKey = Pick<ApiKeyRow, 'id' | 'membershipId' | 'name' | 'prefix' | 'permissions' | 'allowedRanges'> & {
  secretHash: Buffer;
  days: number;
};

/** The result of `app.rotate_api_key`. */
export type Rotation = 'ok' | 'unknown' | 'rotated' | 'beyond';

const COLUMNS = `k.id, k.membership_id AS "membershipId", k.name, k.prefix, k.permissions,
  k.allowed_ranges::text[] AS "allowedRanges", k.created_at AS "createdAt",
  k.expires_at AS "expiresAt", k.last_used_at AS "lastUsedAt", host(k.last_used_ip) AS "lastUsedIp",
    k.revoked_at AS "revokedAt", k.rotated_from AS "rotatedFrom"`;

/**
 * Reads and writes API keys of the current organization. The caller reaches only the keys that the row policies allow.
 */
@Injectable()
export class ApiKeysRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns a page of keys, newest first. `before` is the last id of the previous page. */
  list(membershipId: string | undefined, before: string | null, limit: number): Promise<ApiKeyRow[]> {
    return this.unitOfWork.sql<ApiKeyRow>(
      `SELECT ${COLUMNS} FROM api_keys k WHERE k.org_id = $1 AND ($2::uuid IS NULL OR k.membership_id = $2)
         AND ($3::uuid IS NULL OR k.id < $3)
        ORDER BY k.id DESC LIMIT $4`,
      [this.orgId, membershipId ?? null, before, limit],
    );
  }

  async find(id: string): Promise<ApiKeyRow | null> {
    const [row] = await this.unitOfWork.sql<ApiKeyRow>(
      `SELECT ${COLUMNS} FROM api_keys k WHERE k.org_id = $1 AND k.id = $2`,
      [this.orgId, id],
    );
    return row ?? null;
  }

  /** Stores a key. Fails with SQLSTATE 22P02 when an IP range is invalid. */
  async insert({
    id,
    membershipId,
    name,
    prefix,
    secretHash,
    permissions,
    allowedRanges,
    days,
  }: NewApiKey): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO api_keys (org_id, id, membership_id, name, prefix, secret_hash, permissions, allowed_ranges,
         expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text[]::cidr[], now() + make_interval(hours => 24 * $9::integer))`,
      [this.orgId, id, membershipId, name, prefix, secretHash, permissions, allowedRanges, days],
    );
  }

  async rotate(
    id: string,
    newId: string,
    prefix: string,
    secretHash: Buffer,
    overlapSeconds: number,
  ): Promise<Rotation> {
    const [row] = await this.unitOfWork.sql<{ state: Rotation }>(
      'SELECT app.rotate_api_key($1, $2, $3, $4, $5) AS state',
      [id, newId, prefix, secretHash, overlapSeconds],
    );
    return row!.state;
  }

  /**
   * Revokes a key and returns its membership. Returns null when there is no active key with this id or the caller may
   * not revoke it.
   */
  async revoke(id: string): Promise<string | null> {
    const [row] = await this.unitOfWork.sql<{ membershipId: string }>(
      `UPDATE api_keys SET revoked_at = now() WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL
         RETURNING membership_id AS "membershipId"`,
      [this.orgId, id],
    );
    return row?.membershipId ?? null;
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
