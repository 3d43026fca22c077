/**
 * Splits writes of any size into chunks of one size and buffers at most one chunk. A full chunk is held back until
 * another byte arrives, because the last chunk is handled differently.
 */
export class FixedChunks {
  private readonly held: Buffer;
  private used = 0;

  constructor(size: number) {
    this.held = Buffer.allocUnsafe(size);
  }

  /** Calls `take` with each full chunk that is not the last. The bytes are valid during the call only. */
  push(data: Buffer, take: (chunk: Buffer) => void): void {
    for (let at = 0; at < data.length;) {
      if (this.used === this.held.length) {
        take(this.held);
        this.used = 0;
      }
      const copied = data.copy(this.held, this.used, at);
      this.used += copied;
      at += copied;
    }
  }

  /** Returns the last chunk: full, partial, or empty. */
  last(): Buffer {
    return this.held.subarray(0, this.used);
  }
}
