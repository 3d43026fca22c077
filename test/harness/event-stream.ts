import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { until } from './until.js';

/** One event, as a browser's EventSource would deliver it. */
export interface StreamEvent {
  id: string;
  event: string;
  data: Record<string, unknown>;
}

/** A client of `/v1/events` that reads server-sent events (WHATWG HTML, section 9.2.6) and stores them. */
export class EventStream {
  readonly heard: StreamEvent[] = [];
  /** The id that the client would send on a reconnect. Events and heartbeats change it. */
  lastEventId = '';
  beats = 0;
  closed = false;
  private rest = '';

  private constructor(
    private readonly connection: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.append(text));
    response.on('close', () => {
      this.closed = true;
    });
    response.on('error', () => undefined);
  }

  /** Connects. Throws with the response when it is not a stream. */
  static async open(
    url: string,
    who: { cookie: string } | { authorization: string },
    { lastEventId }: { lastEventId?: string } = {},
  ): Promise<EventStream> {
    const headers = {
      ...who,
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    };
    return new Promise((resolve, reject) => {
      const connection = request(new URL('/v1/events', url), { headers, agent: false });
      connection.on('error', reject);
      connection.on('response', (response) => {
        if (response.statusCode === 200) return resolve(new EventStream(connection, response));
        response.setEncoding('utf8').on('data', (text: string) => reject(new Error(`${response.statusCode} ${text}`)));
      });
      connection.end();
    });
  }

  /** The received events, without the final event. */
  get events(): StreamEvent[] {
    return this.heard.filter(({ event }) => event !== 'end');
  }

  /** The target ids of the events. */
  get targets(): unknown[] {
    return this.events.map(({ data }) => data.targetId);
  }

  /** The code of the final event. */
  get end(): unknown {
    return this.heard.find(({ event }) => event === 'end')?.data.code;
  }

  /** Waits until an event about a target arrives. */
  about(targetId: string): Promise<void> {
    return until(`an event about ${targetId}`, () => this.targets.includes(targetId));
  }

  /** Waits for two heartbeats, after which the server has sent every pending event. */
  async settled(): Promise<void> {
    const { beats } = this;
    await until('two heartbeats', () => this.beats >= beats + 2 || this.closed);
  }

  async ended(): Promise<unknown> {
    await until('the end of the stream', () => this.closed);
    return this.end;
  }

  close(): void {
    this.connection.destroy();
  }

  private append(text: string): void {
    const frames = (this.rest + text).split('\n\n');
    this.rest = frames.pop()!;
    for (const frame of frames) this.read(frame);
  }

  private read(frame: string): void {
    const fields = new Map(
      frame
        .split('\n')
        .map((line): [string, string] => [
          line.slice(0, line.indexOf(':')),
          line.slice(line.indexOf(':') + 1).trimStart(),
        ]),
    );
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    const data = fields.get('data');
    if (data !== undefined)
      this.heard.push({
        id: this.lastEventId,
        event: fields.get('event') ?? 'message',
        data: JSON.parse(data) as StreamEvent['data'],
      });
    else if (fields.has('id')) this.beats += 1;
  }
}
