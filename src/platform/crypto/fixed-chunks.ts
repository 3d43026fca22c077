/**
 * Cuts writes of any size into chunks of one size, holding at most one chunk. A full chunk is
 * held back until another byte arrives, so that the last one can be told from the others.
 */
export class FixedChunks {
  private readonly held: Buffer;
  private used = 0;

  constructor(size: number) {
    this.held = Buffer.allocUnsafe(size);
  }

  /** Gives each full chunk that is surely not the last to `take`; the bytes are valid during the call only. */
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

  /** What is left at the end: the last chunk, full, partial or empty. */
  last(): Buffer {
    return this.held.subarray(0, this.used);
  }
}
