import { Injectable } from '@nestjs/common';
import { keyPrefix, newApiKey } from '../../platform/access/api-key.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { hashToken } from '../../platform/crypto/index.js';
import { errorCode } from '../../platform/database/errors.js';
import { declared } from '../../platform/feature/registry.js';
import { canonicalRange } from '../../platform/http/network.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import type { ApiKeysQuery, CreateApiKeyDto, RotateApiKeyDto } from './api-keys.dto.js';
import { ApiKeysRepository, type ApiKeyRow, type NewApiKey } from './api-keys.repository.js';

const DEFAULT_OVERLAP_SECONDS = 86_400;

/** A key with its secret, which is shown once. */
export type ShownKey = ApiKeyRow & { key: string };

/**
 * Manages API keys. If a program needs different permissions, add a member for it. That member then creates the key.
 */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  async list({ limit, cursor, membershipId }: ApiKeysQuery): Promise<Page<ApiKeyRow>> {
    const scope = { purpose: 'api-keys', orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    return this.cursors.page(scope, await this.keys.list(membershipId, before, limit + 1), limit, ({ id }) => [id]);
  }

  /**
   * Creates a key for the caller. Throws `unknown_permission` when a permission does not exist. Throws
   * `insufficient_privileges_to_grant` when the caller does not hold a permission. Throws `invalid_request` when an IP
   * range is invalid.
   */
  async create({ name, permissions, expiresInDays, allowedRanges }: CreateApiKeyDto): Promise<ShownKey> {
    const { grants, membershipId } = currentMember();
    if (permissions.some((permission) => !declared('permissions').has(permission)))
      throw new Problem('unknown_permission');
    if (permissions.some((permission) => !grants.has(permission)))
      throw new Problem('insufficient_privileges_to_grant');
    const { key, id, ...fields } = freshKey();
    await this.insert({
      ...fields,
      id,
      membershipId,
      name,
      permissions,
      days: expiresInDays,
      allowedRanges: allowedRanges?.map(canonicalRange) ?? null,
    });
    const created = await this.read(id);
    this.audit.record('api_key.created', {
      target: { type: 'api-key', id },
      meta: { permissions, ranges: allowedRanges?.length ?? 0, expiresAt: created.expiresAt.toISOString() },
    });
    return { ...created, key };
  }

  /**
   * Replaces one of the caller's keys with a new key. Throws `not_found` when the caller has no such key. Throws
   * `api_key_already_rotated` when the key was rotated before. Throws `insufficient_privileges_to_grant` when the key
   * has permissions that the caller no longer holds.
   */
  async rotate(id: string, { overlapSeconds = DEFAULT_OVERLAP_SECONDS }: RotateApiKeyDto): Promise<ShownKey> {
    const { key, id: newKeyId, prefix, secretHash } = freshKey();
    const outcome = await this.keys.rotate(id, newKeyId, prefix, secretHash, overlapSeconds);
    if (outcome === 'unknown') throw new Problem('not_found');
    if (outcome === 'rotated') throw new Problem('api_key_already_rotated');
    if (outcome === 'beyond') throw new Problem('insufficient_privileges_to_grant');
    const created = await this.read(newKeyId);
    this.audit.record('api_key.rotated', {
      target: { type: 'api-key', id },
      meta: { newKeyId, overlapSeconds, expiresAt: created.expiresAt.toISOString() },
    });
    return { ...created, key };
  }

  /** Revokes a key immediately. Throws `not_found` when there is no key that the caller may revoke. */
  async revoke(id: string): Promise<void> {
    const membershipId = await this.keys.revoke(id);
    if (membershipId === null) throw new Problem('not_found');
    this.audit.record('api_key.revoked', { target: { type: 'api-key', id }, meta: { membershipId } });
  }

  private async insert(key: NewApiKey): Promise<void> {
    try {
      await this.keys.insert(key);
    } catch (error) {
      if (errorCode(error) !== '22P02') throw error;
      throw new Problem('invalid_request', {
        errors: [
          { field: 'allowedRanges', message: 'must be networks, such as 192.0.2.0/24, without bits after the prefix' },
        ],
      });
    }
  }

  private async read(id: string): Promise<ApiKeyRow> {
    const key = await this.keys.find(id);
    if (key === null) throw new Problem('not_found');
    return key;
  }
}

function freshKey(): { key: string } & Pick<NewApiKey, 'id' | 'prefix' | 'secretHash'> {
  const key = newApiKey();
  return { key, id: newId(), prefix: keyPrefix(key), secretHash: hashToken(key) };
}
