import { EventStream } from '../../platform/http/event-stream.js';
import type { Audience } from '../../platform/http/serializer.js';
import { Problem } from '../../platform/problem/index.js';
import { LiveEventResponse } from './realtime.dto.js';
import type { Batch, Head } from './realtime.repository.js';
import { mayFollow, type Position } from './position.js';

/**
 * What a listener is told is read each time anew as its caller: in a session that must still be good, under the row
 * policies of that moment. Throws the Problem that has come to stand in the way.
 */
export interface Source {
  after(position: Position): Promise<Batch & { audience: Audience }>;
  head(): Promise<Head>;
}

/** One stream: reads what comes after its place, and sends it. */
export class Subscription {
  readonly stream = new EventStream(LiveEventResponse, () => this.drained());
  private delivering = false;
  private again = false;
  private held = false;
  private beatAt = performance.now();

  constructor(
    /** Whose it is: a session, or a key. */
    readonly owner: string,
    private position: Position,
    private readonly source: Source,
    private readonly idOf: (position: Position) => string,
  ) {
    this.stream.heartbeat(idOf(position));
  }

  /** Whether events of a transaction may be news here. */
  isBehind(transactionId: string): boolean {
    return mayFollow(transactionId, this.position);
  }

  /**
   * Sends all that is there, one call after another. Rejects when the database cannot be asked, and is then as far as
   * what was sent.
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

  /** How far the organization's events have come; null when the listener may ask no more, and is gone. */
  head(): Promise<Head | null> {
    return this.admitted(() => this.source.head());
  }

  /** When it is time: delivers, which checks the session too, and shows that the stream lives. */
  async heartbeat(everyMillis: number): Promise<void> {
    if (performance.now() - this.beatAt < everyMillis) return;
    this.beatAt = performance.now();
    await this.deliver();
    if (!this.stream.full) this.stream.heartbeat(this.idOf(this.position));
  }

  private async deliverBatch(): Promise<void> {
    this.again = false;
    this.held = this.stream.full;
    if (this.held) return;
    const batch = await this.admitted(() => this.source.after(this.position));
    if (batch === null) return;
    for (const { position, type, ...event } of batch.events)
      this.stream.send(this.idOf(position), type, { type, ...event }, batch.audience);
    this.again ||= batch.events.at(-1)?.position === batch.end;
    this.position = batch.end;
  }

  /** Runs what a Problem may stand in the way of: that ends the stream, and null is returned. */
  private async admitted<T>(ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.stream.refuse(error.code);
      return null;
    }
  }

  /** The client has taken what was written: what was held back can go on. */
  private drained(): void {
    if (this.held) this.deliver().catch(() => undefined); // the next beat tries again
  }
}
