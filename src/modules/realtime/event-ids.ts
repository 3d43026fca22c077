import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { SecurityConfig } from '../../platform/config/index.js';
import { DecryptionFailed, deriveKey, open, seal, type CipherContext } from '../../platform/crypto/index.js';
import { Problem } from '../../platform/problem/index.js';
import type { Position } from './position.js';

const KEPT_SECONDS = 24 * 3_600;
const KEY_VERSION = 1;

/**
 * Encodes the ids of a stream: the position and the issue time, encrypted (AES-256-GCM), in base64url. They are
 * encrypted, not only signed, because transaction ids reveal the load of the whole installation.
 */
@Injectable()
export class EventIds {
  private readonly root: Buffer;

  constructor(
    security: SecurityConfig,
    private readonly clock: Clock,
  ) {
    this.root = Buffer.from(security.jwtSecret, 'hex');
  }

  /** Encodes a position for this organization. */
  idOf(orgId: string, { transactionId, id }: Position): string {
    return seal(
      this.keyOf(orgId),
      KEY_VERSION,
      JSON.stringify([transactionId, id, this.clock.seconds()]),
      placeIn(orgId),
    ).toString('base64url');
  }

  /** Decodes an id. Throws invalid_request for an id of another installation, last_event_id_expired after a day. */
  positionOf(orgId: string, eventId: string): Position {
    const [transactionId, id, at] = this.opened(orgId, eventId);
    if (this.clock.seconds() - at > KEPT_SECONDS) throw new Problem('last_event_id_expired');
    return { transactionId, id };
  }

  private opened(orgId: string, eventId: string): [transactionId: string, id: string, at: number] {
    const keyFor = (keyVersion: number) => {
      if (keyVersion !== KEY_VERSION) throw new DecryptionFailed('an event id');
      return this.keyOf(orgId);
    };
    try {
      return JSON.parse(open(keyFor, Buffer.from(eventId, 'base64url'), placeIn(orgId)).toString()) as [
        string,
        string,
        number,
      ];
    } catch (error) {
      if (!(error instanceof DecryptionFailed)) throw error;
      throw new Problem('invalid_request', {
        errors: [{ field: 'Last-Event-ID', message: 'is not an id of this stream' }],
      });
    }
  }

  /** Derives a key per organization, so that random IVs are safe for its 2^32 ids (NIST SP 800-38D, section 8.3). */
  private keyOf(orgId: string): Buffer {
    return deriveKey(this.root, 'live/event-id', Buffer.from(orgId));
  }
}

function placeIn(orgId: string): CipherContext {
  return { orgId, table: 'realtime_events', column: 'position', rowId: 'stream' };
}
