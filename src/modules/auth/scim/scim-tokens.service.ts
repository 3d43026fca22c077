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
 * The tokens by which an institution's directory comes: two of a connection at once, so that one can take the other's
 * place.
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

  /** Throws not_found. */
  async list(connectionId: string) {
    await this.assertConnection(connectionId);
    return { items: await this.tokens.list(connectionId), nextCursor: null };
  }

  /** Makes a token, which nobody can be shown again. Throws not_found, insufficient_privileges_to_grant, scim_token_limit_reached. */
  async create(
    connectionId: string,
    { expiresInDays: days }: CreateScimTokenDto,
  ): Promise<ScimTokenRow & { token: string; baseUrl: string }> {
    await this.assertConnection(connectionId);
    await this.roles.assertSpeaksForAll();
    const [id, token] = [newId(), newScimToken()];
    await this.tokens.insert({ id, connectionId, prefix: scimTokenPrefix(token), secretHash: hashToken(token), days });
    const made = (await this.tokens.find(id))!;
    this.audit.record('scim.token_created', {
      target: { type: 'scim-token', id },
      meta: { connectionId, expiresAt: made.expiresAt.toISOString() },
    });
    return { ...made, token, baseUrl: baseUrl(this.app) };
  }

  /** Ends a token at once. Throws not_found. */
  async revoke(connectionId: string, id: string): Promise<void> {
    if (!(await this.tokens.revoke(connectionId, id))) throw new Problem('not_found');
    this.audit.record('scim.token_revoked', { target: { type: 'scim-token', id }, meta: { connectionId } });
  }

  private async assertConnection(id: string): Promise<void> {
    if ((await this.connections.find(id)) === null) throw new Problem('not_found');
  }
}
