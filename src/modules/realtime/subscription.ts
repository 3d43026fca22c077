import { EventStream } from '../../platform/http/event-stream.js';
import type { Audience } from '../../platform/http/serializer.js';
import { Problem } from '../../platform/problem/index.js';
import { LiveEventResponse } from './realtime.dto.js';
import type { Batch, Head } from './realtime.repository.js';
import { mayFollow, type Position } from './position.js';

/**
 * Reads events as the caller: each read checks the session and applies the current row policies. Throws a Problem when
 * the caller is no longer authorized.
 */
export interface Source {
  after(position: Position): Promise<Batch & { audience: Audience }>;
  head(): Promise<Head>;
}

/** One stream: reads the events after its position and sends them. */
export class Subscription {
  readonly stream = new EventStream(LiveEventResponse, () => this.drained());
  private delivering = false;
  private again = false;
  private isPaused = false;
  private heartbeatAt = performance.now();

  constructor(
    /** The owner: a session or an API key. */
    readonly owner: string,
    private position: Position,
    private readonly source: Source,
    private readonly idOf: (position: Position) => string,
  ) {
    this.stream.heartbeat(idOf(position));
  }

  /** Returns whether a transaction may have events that this subscription has not sent. */
  isBehind(transactionId: string): boolean {
    return mayFollow(transactionId, this.position);
  }

  /**
   * Sends all available events; calls run one at a time. Rejects on a database failure, with the position at the last
   * sent event.
   */
  async deliver(): Promise<void> {
    this.again = true;
    if (this.delivering) return;
    this.delivering = true;
    try {
      while (this.again && !this.stream.over) await this.deliverBatch();
    } finally {
      this.delivering = false;
    }
  }

  /** Returns the newest position of the organization; null when the subscription is not authorized and has ended. */
  head(): Promise<Head | null> {
    return this.authorized(() => this.source.head());
  }

  /** When due: delivers, which also checks the session, and sends a heartbeat. */
  async heartbeat(everyMs: number): Promise<void> {
    if (performance.now() - this.heartbeatAt < everyMs) return;
    this.heartbeatAt = performance.now();
    await this.deliver();
    if (!this.stream.full) this.stream.heartbeat(this.idOf(this.position));
  }

  private async deliverBatch(): Promise<void> {
    this.again = false;
    this.isPaused = this.stream.full;
    if (this.isPaused) return;
    const batch = await this.authorized(() => this.source.after(this.position));
    if (batch === null) return;
    for (const { position, type, ...event } of batch.events)
      this.stream.send(this.idOf(position), type, { type, ...event }, batch.audience);
    this.again ||= batch.events.at(-1)?.position === batch.end;
    this.position = batch.end;
  }

  /** Runs `read`. A Problem ends the stream, and the result is null. */
  private async authorized<T>(read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.stream.refuse(error.code);
      return null;
    }
  }

  /** The client has read the written data, so delivery can continue. */
  private drained(): void {
    if (this.isPaused) this.deliver().catch(() => undefined); // the next heartbeat retries
  }
}
