import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { until } from './until.js';

/** One event as a browser's EventSource would hand it out. */
export interface Heard {
  id: string;
  event: string;
  data: Record<string, unknown>;
}

/** A listener at `/v1/events`: reads server-sent events (WHATWG HTML, section 9.2.6) and keeps all it hears. */
export class EventStream {
  readonly heard: Heard[] = [];
  /** As the client would send it back: moved by events, and by the signs of life in between. */
  lastEventId = '';
  beats = 0;
  closed = false;
  private rest = '';

  private constructor(
    private readonly asked: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.take(text));
    response.on('close', () => {
      this.closed = true;
    });
    response.on('error', () => undefined);
  }

  /** Connects; throws with the answer when it is no stream. */
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
      const asked = request(new URL('/v1/events', url), { headers, agent: false });
      asked.on('error', reject);
      asked.on('response', (response) => {
        if (response.statusCode === 200) return resolve(new EventStream(asked, response));
        response.setEncoding('utf8').on('data', (text: string) => reject(new Error(`${response.statusCode} ${text}`)));
      });
      asked.end();
    });
  }

  /** What was heard, without the final event. */
  get events(): Heard[] {
    return this.heard.filter(({ event }) => event !== 'end');
  }

  /** The ids of what the events were about. */
  get targets(): unknown[] {
    return this.events.map(({ data }) => data.targetId);
  }

  /** The code that the stream was ended with. */
  get end(): unknown {
    return this.heard.find(({ event }) => event === 'end')?.data.code;
  }

  /** Waits until an event about a target was heard. */
  about(targetId: string): Promise<void> {
    return until(`an event about ${targetId}`, () => this.targets.includes(targetId));
  }

  /** Waits until the server has looked again, and told so, twice: what it was going to send it has sent. */
  async settled(): Promise<void> {
    const { beats } = this;
    await until('two signs of life', () => this.beats >= beats + 2 || this.closed);
  }

  async ended(): Promise<unknown> {
    await until('the end of the stream', () => this.closed);
    return this.end;
  }

  close(): void {
    this.asked.destroy();
  }

  private take(text: string): void {
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
        data: JSON.parse(data) as Heard['data'],
      });
    else if (fields.has('id')) this.beats += 1;
  }
}
