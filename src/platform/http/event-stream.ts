import { Readable } from 'node:stream';
import { pickerOf, type Audience, type ResponseClass } from './serializer.js';

/** How long a client that lost its stream waits before it comes back. */
const RETRY_MS = 2_000;

/**
 * The answer to one listener: server-sent events (WHATWG HTML, section 9.2), whose data leaves through a response
 * class.
 * Writing never waits: whoever writes asks `full` first, and lets `drained` tell when there is room again.
 */
export class EventStream extends Readable {
  private takenAt = performance.now();
  private ending = false;
  private wanted = true;

  constructor(
    readonly type: ResponseClass,
    private readonly drained: () => void,
  ) {
    super();
    this.on('error', () => undefined); // it may be cut before there is an answer that listens
    this.push(`retry: ${RETRY_MS}\n\n`);
  }

  /** Sends an event to whom the audience says; `id` is where a client that comes back goes on. */
  send(id: string, event: string, data: object, audience: Audience): void {
    this.write(
      `id: ${line(id)}\nevent: ${line(event)}\ndata: ${JSON.stringify(pickerOf(this.type, audience)(data))}\n\n`,
    );
  }

  /** Shows that the stream lives, and moves the place to go on from; the client is told of no event. */
  heartbeat(id: string): void {
    this.write(`: \nid: ${line(id)}\n\n`);
  }

  /**
   * Ends the stream with a reason: the code of the problem that now stands in the way. The client need not come back.
   */
  refuse(code: string): void {
    this.write(`event: end\ndata: ${JSON.stringify({ code })}\n\n`);
    this.finish();
  }

  /** Ends the stream; the client comes back, here or to another process. */
  finish(): void {
    if (this.over) return;
    this.ending = true;
    this.push(null);
  }

  /** Cuts the connection, with what was written and not taken. */
  cut(): void {
    this.destroy(new Error('the client does not read'));
  }

  /** Whether nothing more can be written. */
  get over(): boolean {
    return this.destroyed || this.ending;
  }

  /** Whether the client has enough to take for now. */
  get full(): boolean {
    return !this.wanted;
  }

  /** For how many milliseconds the client has left lying what was written. */
  get stalledMillis(): number {
    return this.readableLength === 0 ? 0 : performance.now() - this.takenAt;
  }

  override _read(): void {
    this.takenAt = performance.now();
    this.wanted = true;
    this.drained();
  }

  private write(frame: string): void {
    if (!this.over) this.wanted = this.push(frame);
  }
}

/** A field's value: a line break would begin another field. */
function line(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new Error('a field of an event may hold no line break');
  return text;
}
