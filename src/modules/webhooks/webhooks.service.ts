import { Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { RowCipher } from '../../platform/keys/data-keys.js';
import { hmac } from '../../platform/crypto/index.js';
import { DatabaseUnavailable } from '../../platform/database/errors.js';
import type { ErrorCode } from '../../platform/feature/registry.js';
import { parseJson } from '../../platform/http/body.js';
import { toProblem } from '../../platform/http/problem.map.js';
import { Problem } from '../../platform/problem/index.js';
import { LocalRateLimiter } from '../../platform/http/rate-limit.js';
import { InboundSources, type InboundSource, type OpenSecret } from './inbound-sources.js';
import { InboxRepository, type Ingested, type SealedDelivery } from './inbox.repository.js';
import { MicroBatch } from './micro-batch.js';
import { RejectionLog } from './rejection-log.js';
import { isTimely, readHeaders, signedBy, TOLERANCE_SECONDS, type MessageHeaders } from './standard-webhooks.js';
import { assertHappened, readMessage, type WebhookMessage } from './webhook-message.js';
import type { DeliveryReceipt } from './webhooks.dto.js';
import { WebhookMetrics } from './webhooks.metrics.js';

/** A delivery whose headers are well-formed, and its raw bytes. */
interface Inbound {
  headers: MessageHeaders;
  body: Buffer;
}

/** The outcome of one attempt to store a delivery. */
interface Stored {
  outcome: Ingested['outcome'] | 'not_permitted';
  stored_id: string;
}

/** Receives deliveries. It reports success only after the database has stored the delivery. It does not need Redis. */
@Injectable()
export class WebhooksService {
  private readonly batch: MicroBatch<SealedDelivery, Ingested>;

  constructor(
    private readonly sources: InboundSources,
    private readonly limiter: LocalRateLimiter,
    private readonly rejections: RejectionLog,
    private readonly metrics: WebhookMetrics,
    private readonly clock: Clock,
    inbox: InboxRepository,
  ) {
    this.batch = new MicroBatch({
      write: (deliveries) => inbox.ingest(deliveries),
      weigh: ({ body }) => body.length,
      isolate: (error) => !(error instanceof DatabaseUnavailable),
      mostItems: 200,
      mostWeight: 4 * 1024 * 1024,
      maxWaiting: 2_000,
    });
  }

  /**
   * Receives one delivery. Checks the source, its rate limit, the headers, the timestamp, the signature, and the
   * message, then stores the delivery. A rejected delivery does not use up its message id. Throws
   * `webhook_source_not_found` for an unknown, disabled, or removed source. Throws `too_many_requests` above the
   * rate limit. Throws `webhook_headers_invalid` for missing or malformed headers. Throws
   * `webhook_timestamp_out_of_range` for a timestamp outside the allowed window. Throws `webhook_signature_invalid`
   * when no signature is valid. Throws `malformed_json`, `invalid_text`, or `invalid_request` for an invalid message.
   * Throws `webhook_event_not_permitted` when the source may not send the event type.
   * Throws `webhook_conflict` when the message id was used before with another body. Throws `unavailable` when the
   * delivery cannot be stored now.
   */
  async receive(sourceId: string, headers: IncomingHttpHeaders, body: Buffer): Promise<DeliveryReceipt> {
    try {
      const receipt = await this.verify(sourceId, headers, body);
      this.metrics.countStored(receipt.duplicate ? 'duplicate' : 'accepted');
      return receipt;
    } catch (error) {
      this.metrics.countRejected(toProblem(error).code);
      throw error;
    }
  }

  private async verify(sourceId: string, headers: IncomingHttpHeaders, body: Buffer): Promise<DeliveryReceipt> {
    const source = await this.sources.find(sourceId);
    if (source === null) throw new Problem('webhook_source_not_found');
    await this.limiter.consume(source.limit, source.id);
    const inbound = { headers: await this.headers(source, headers), body };
    const { outcome, stored_id: id } = await this.store(source, inbound);
    if (outcome === 'refused') return this.refuse(source, 'webhook_signature_invalid');
    if (outcome === 'not_permitted') return this.refuse(source, 'webhook_event_not_permitted');
    if (outcome === 'conflict') {
      await this.rejections.conflict(source, id);
      throw new Problem('webhook_conflict');
    }
    return { id, status: 'accepted', duplicate: outcome === 'duplicate' };
  }

  private async headers(source: InboundSource, given: IncomingHttpHeaders): Promise<MessageHeaders> {
    const headers = readHeaders(given);
    if (headers === undefined) return this.refuse(source, 'webhook_headers_invalid');
    if (!isTimely(headers, this.clock.seconds())) return this.refuse(source, 'webhook_timestamp_out_of_range');
    return headers;
  }

  /**
   * Stores a delivery with a valid signature. If the cached source rejects the delivery, or the database rejects the
   * source, loads the source again and retries.
   */
  private async store(cached: InboundSource, inbound: Inbound): Promise<Stored> {
    const first = await this.persist(cached, inbound);
    if (first.outcome !== 'refused' && first.outcome !== 'not_permitted') return first;
    const fresh = await this.sources.findFresh(cached.id);
    if (fresh === null) throw new Problem('webhook_source_not_found');
    return fresh === cached ? first : this.persist(fresh, inbound);
  }

  private async persist(source: InboundSource, inbound: Inbound): Promise<Stored> {
    const now = this.clock.millis();
    const valid = source.secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt.getTime() > now);
    const secret = signedBy(valid, inbound.headers, inbound.body);
    if (secret === undefined) return { outcome: 'refused', stored_id: '' };
    const message = await this.read(source, inbound.body);
    if (!source.events.has(message.event)) return { outcome: 'not_permitted', stored_id: '' };
    return this.batch.add(sealDelivery(source, secret, inbound, message));
  }

  /** Returns the message of a signed body, so that everything that the worker would reject is rejected now. */
  private async read(source: InboundSource, body: Buffer): Promise<WebhookMessage> {
    try {
      const message = await readMessage(parseJson(body));
      assertHappened(message, this.clock.seconds(), TOLERANCE_SECONDS);
      return message;
    } catch (error) {
      if (error instanceof Problem) await this.rejections.record(source, error.code);
      throw error;
    }
  }

  private async refuse(source: InboundSource, reason: ErrorCode): Promise<never> {
    await this.rejections.record(source, reason);
    throw new Problem(reason);
  }
}

/** Encrypts a delivery, and hashes its digest and order key with the keys of the source. */
function sealDelivery(
  source: InboundSource,
  secret: OpenSecret,
  { headers, body }: Inbound,
  { orderKey }: WebhookMessage,
): SealedDelivery {
  const deliveryId = newId();
  return {
    sourceId: source.id,
    dbSecret: secret.dbSecret,
    deliveryId,
    messageId: headers.id,
    body: new RowCipher(source.data, source.orgId, 'webhook_inbox', deliveryId).seal(
      'body_enc',
      body.toString('utf8'),
    )!,
    digest: hmac(source.digestKey, body),
    jobId: newId(),
    orderKey: orderKey === null ? null : hmac(source.orderKey, `${source.id}|${orderKey}`).toString('base64url'),
    requestId: currentContext().requestId,
  };
}
