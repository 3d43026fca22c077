import { Injectable } from '@nestjs/common';
import { newScimToken, scimTokenPrefix } from '../../../platform/access/scim-token.js';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { AppConfig } from '../../../platform/config/index.js';
import { hashToken } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { RolesService } from '../../rbac/index.js';
import { SsoRepository } from '../sso/index.js';
import { baseUrl } from './scim-resources.js';
import type { CreateScimTokenDto } from './scim-tokens.dto.js';
import { ScimTokensRepository, type ScimTokenRow } from './scim-tokens.repository.js';

/**
 * Manages the tokens with which an institution's directory authenticates. A connection can have two active tokens, so
 * that a new token can replace the old one without a gap.
 */
@Injectable()
export class ScimTokensService {
  constructor(
    private readonly tokens: ScimTokensRepository,
    private readonly connections: SsoRepository,
    private readonly roles: RolesService,
    private readonly audit: AuditLog,
    private readonly app: AppConfig,
  ) {}

  /** Returns the tokens of a connection. Throws `not_found` when there is no such connection. */
  async list(connectionId: string) {
    await this.assertConnection(connectionId);
    return { items: await this.tokens.list(connectionId), nextCursor: null };
  }

  /**
   * Creates a token and returns it. The API cannot return it again. Throws `not_found` when there is no such
   * connection. Throws `insufficient_privileges_to_grant` when the caller lacks permissions of the owner role. Throws
   * `scim_token_limit_reached` when the connection already has two active tokens.
   */
  async create(
    connectionId: string,
    { expiresInDays: days }: CreateScimTokenDto,
  ): Promise<ScimTokenRow & { token: string; baseUrl: string }> {
    await this.assertConnection(connectionId);
    await this.roles.assertSpeaksForAll();
    const [id, token] = [newId(), newScimToken()];
    await this.tokens.insert({ id, connectionId, prefix: scimTokenPrefix(token), secretHash: hashToken(token), days });
    const created = (await this.tokens.find(id))!;
    this.audit.record('scim.token_created', {
      target: { type: 'scim-token', id },
      meta: { connectionId, expiresAt: created.expiresAt.toISOString() },
    });
    return { ...created, token, baseUrl: baseUrl(this.app) };
  }

  /** Revokes a token immediately. Throws `not_found` when the connection has no such active token. */
  async revoke(connectionId: string, id: string): Promise<void> {
    if (!(await this.tokens.revoke(connectionId, id))) throw new Problem('not_found');
    this.audit.record('scim.token_revoked', { target: { type: 'scim-token', id }, meta: { connectionId } });
  }

  private async assertConnection(id: string): Promise<void> {
    if ((await this.connections.find(id)) === null) throw new Problem('not_found');
  }
}
