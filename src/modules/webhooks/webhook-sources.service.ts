import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { AppConfig } from '../../platform/config/index.js';
import { currentContext } from '../../platform/context/context.js';
import { sha256 } from '../../platform/crypto/index.js';
import { DataKeys } from '../../platform/keys/data-keys.js';
import type { PageQuery } from '../../platform/http/pagination.dto.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import { InboundSources } from './inbound-sources.js';
import { assertMaySend, ownEvents } from './source-events.js';
import { DEFAULT_LIMIT_PER_MINUTE, DEFAULT_OVERLAP_SECONDS, OFFERED_SCHEMES } from './webhook-source.js';
import { dbSecret, newSecret, secretKey } from './webhook-secret.js';
import type { WebhookSourceEntity } from './webhook-source.entity.js';
import { WebhookSourcesRepository } from './webhook-sources.repository.js';
import type {
  CreatedSourceResponse,
  CreateSourceDto,
  RotatedSecretResponse,
  RotateSecretDto,
  SourceDetailResponse,
  SourceResponse,
  UpdateSourceDto,
} from './webhooks.dto.js';

/** Manages webhook sources. The API returns a secret only once, when it creates the secret. */
@Injectable()
export class WebhookSourcesService {
  constructor(
    private readonly sources: WebhookSourcesRepository,
    private readonly inbound: InboundSources,
    private readonly dataKeys: DataKeys,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    private readonly app: AppConfig,
  ) {}

  async list({ limit, cursor }: PageQuery): Promise<Page<SourceResponse>> {
    const scope = { purpose: 'webhook-sources', orgId: currentContext().orgId };
    const after = this.cursors.lastId(scope, cursor);
    const rows = await this.sources.list(after, limit + 1);
    return this.cursors.page(
      scope,
      rows.map((row) => this.present(row)),
      limit,
      ({ id }) => [id],
    );
  }

  /** Returns a source. Throws `webhook_source_not_found` when there is no such source. */
  async read(id: string): Promise<SourceDetailResponse> {
    const source = await this.require(id);
    return { ...this.present(source), secrets: await this.sources.secrets(id) };
  }

  /**
   * Adds a source with its first secret. Throws `webhook_scheme_not_supported` when the signature scheme is not
   * supported. Throws `invalid_request` for an unknown event type. Throws `insufficient_privileges_to_grant` when the
   * caller lacks a permission that an event type needs.
   */
  async create({
    name,
    scheme,
    limitPerMinute = DEFAULT_LIMIT_PER_MINUTE,
    events = ownEvents(),
  }: CreateSourceDto): Promise<CreatedSourceResponse> {
    if (!OFFERED_SCHEMES.includes(scheme)) {
      throw new Problem('webhook_scheme_not_supported', { detail: `Supported schemes: ${OFFERED_SCHEMES.join(', ')}` });
    }
    assertMaySend(events);
    const id = newId();
    await this.sources.insert({ id, name, scheme, limitPerMinute, events });
    const { secret } = await this.addSecret(id);
    this.audit.record('webhook_source.created', { target: { type: 'webhook-source', id }, meta: { scheme } });
    return { ...this.present(await this.require(id)), secret };
  }

  /**
   * Changes the given fields. With `events`, the caller becomes responsible for the source. Throws
   * `webhook_source_not_found` when there is no such source, and for `events` the errors of `create`.
   */
  async update(id: string, changes: UpdateSourceDto): Promise<SourceResponse> {
    if (changes.events !== undefined) assertMaySend(changes.events);
    if (!(await this.sources.update(id, { ...changes, updatedAt: this.clock.now() })))
      throw new Problem('webhook_source_not_found');
    this.inbound.forget(id);
    this.audit.record('webhook_source.updated', {
      target: { type: 'webhook-source', id },
      meta: { fields: Object.keys(changes), enabled: changes.enabled },
    });
    return this.present(await this.require(id));
  }

  /**
   * Removes a source and expires its secrets. Its deliveries remain. Throws `webhook_source_not_found` when there is no
   * such source.
   */
  async remove(id: string): Promise<void> {
    const now = this.clock.now();
    if (!(await this.sources.update(id, { enabled: false, removedAt: now, updatedAt: now })))
      throw new Problem('webhook_source_not_found');
    await this.sources.expireSecrets(id, now);
    this.inbound.forget(id);
    this.audit.record('webhook_source.removed', { target: { type: 'webhook-source', id } });
  }

  /**
   * Creates a new secret. Earlier secrets stay valid during the overlap. The caller becomes responsible for the source.
   * Throws `webhook_source_not_found` when there is no such source. Throws `insufficient_privileges_to_grant` when the
   * caller lacks a permission that its event types need.
   */
  async rotate(
    id: string,
    { overlapSeconds = DEFAULT_OVERLAP_SECONDS }: RotateSecretDto,
  ): Promise<RotatedSecretResponse> {
    assertMaySend((await this.require(id)).events);
    const previousExpireAt = new Date(this.clock.millis() + overlapSeconds * 1_000);
    await this.sources.expireSecrets(id, previousExpireAt);
    const added = await this.addSecret(id);
    this.inbound.forget(id);
    this.audit.record('webhook_secret.rotated', { target: { type: 'webhook-source', id }, meta: { overlapSeconds } });
    return { ...added, previousExpireAt };
  }

  /** Returns a source. Throws `webhook_source_not_found` when the organization has no such source. */
  async require(id: string): Promise<WebhookSourceEntity> {
    const source = await this.sources.find(id);
    if (source === null) throw new Problem('webhook_source_not_found');
    return source;
  }

  private async addSecret(sourceId: string): Promise<{ id: string; secret: string }> {
    await this.dataKeys.ofOrganization('index'); // creates the key for the digest of bodies
    const ring = await this.dataKeys.ofOrganization();
    const id = newId();
    const secret = newSecret();
    await this.sources.insertSecret({
      id,
      sourceId,
      sealed: ring.forRow('webhook_secrets', id).seal('secret_enc', secret)!,
      dbSecretHash: sha256(dbSecret(secretKey(secret))),
    });
    return { id, secret };
  }

  private present(source: WebhookSourceEntity): SourceResponse {
    return { ...source, url: `${this.app.origin}/v1/webhooks/${source.id}` };
  }
}
