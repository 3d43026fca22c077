import { Readable } from 'node:stream';
import { serializerOf, type Audience, type ResponseClass } from './serializer.js';

/** The reconnection delay of a client. */
const RETRY_MS = 2_000;

/**
 * The response to one subscriber: server-sent events (WHATWG HTML, section 9.2), serialized with a response class. A
 * write never waits: the writer checks `full` first and continues when `drained` is called.
 */
export class EventStream extends Readable {
  private lastReadAt = performance.now();
  private ending = false;
  private hasRoom = true;

  constructor(
    readonly type: ResponseClass,
    private readonly drained: () => void,
  ) {
    super();
    this.on('error', () => undefined); // the stream can be cut before a response listens
    this.push(`retry: ${RETRY_MS}\n\n`);
  }

  /** Sends an event with the fields for the audience. A client that reconnects continues after `id`. */
  send(id: string, event: string, data: object, audience: Audience): void {
    this.write(
      `id: ${line(id)}\nevent: ${line(event)}\ndata: ${JSON.stringify(serializerOf(this.type, audience)(data))}\n\n`,
    );
  }

  /** Sends a heartbeat that updates the last event id. The client sees no event. */
  heartbeat(id: string): void {
    this.write(`: \nid: ${line(id)}\n\n`);
  }

  /** Ends the stream with the code of the problem that now denies access. The client must not reconnect. */
  refuse(code: string): void {
    this.write(`event: end\ndata: ${JSON.stringify({ code })}\n\n`);
    this.finish();
  }

  /** Ends the stream. The client reconnects to this or another process. */
  finish(): void {
    if (this.over) return;
    this.ending = true;
    this.push(null);
  }

  /** Closes the connection and discards unread data. */
  cut(): void {
    this.destroy(new Error('the client does not read'));
  }

  /** True if the stream has ended. */
  get over(): boolean {
    return this.destroyed || this.ending;
  }

  /** True if the buffer is full. */
  get full(): boolean {
    return !this.hasRoom;
  }

  /** The time in milliseconds for which the client has not read pending data. */
  get stalledMillis(): number {
    return this.readableLength === 0 ? 0 : performance.now() - this.lastReadAt;
  }

  override _read(): void {
    this.lastReadAt = performance.now();
    this.hasRoom = true;
    this.drained();
  }

  private write(frame: string): void {
    if (!this.over) this.hasRoom = this.push(frame);
  }
}

/** Returns a field value. Throws for a line break, which would start another field. */
function line(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new Error('a field of an event must not contain a line break');
  return text;
}
