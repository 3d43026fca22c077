import { signature } from '../../src/modules/webhooks/standard-webhooks.js';
import { secretKey } from '../../src/modules/webhooks/webhook-secret.js';
import { newId } from '../../src/platform/clock/id.js';
import { Client, type Answer } from './client.js';

export interface Source {
  id: string;
  secret: string;
}

/** The differences of a delivery from a correct one. */
export interface Otherwise {
  id?: string;
  timestamp?: string | number;
  secret?: string;
  signature?: string;
  /** The bytes that are sent in place of the signed ones. */
  tampered?: string;
  raw?: string | Buffer;
  contentType?: string;
}

/** Posts a signed event with a new message id, as a partner's system does. */
export function deliver(baseUrl: string, source: Source, event: unknown, otherwise: Otherwise = {}): Promise<Answer> {
  const raw = Buffer.from(otherwise.raw ?? JSON.stringify(event));
  const id = otherwise.id ?? `msg_${newId()}`;
  const timestamp = String(otherwise.timestamp ?? Math.floor(Date.now() / 1_000));
  return new Client(baseUrl).send('POST', `/v1/webhooks/${source.id}`, {
    raw: Buffer.from(otherwise.tampered ?? raw),
    headers: {
      'content-type': otherwise.contentType ?? 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature':
        otherwise.signature ?? signature(secretKey(otherwise.secret ?? source.secret), { id, timestamp }, raw),
    },
  });
}

/** Returns an event with a synthetic person, as a partner sends it. */
export function personEvent(externalId: string, changes: Record<string, unknown> = {}, type = 'person.upserted') {
  return {
    type,
    timestamp: '2026-01-15T09:30:00Z',
    data: { externalId, kind: 'trainee', givenName: 'Synthetic', familyName: 'Partner', ...changes },
  };
}
