import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const QUERY_BYTES = 12;
const TXT = 16;
const NO_SUCH_NAME = 3;
const FAILURE = 2;

/** A local DNS server over UDP (RFC 1035, section 4) that knows only the TXT records of the test. */
export class NameServer {
  readonly records = new Map<string, string[]>();
  /** Whether every query fails. */
  failing = false;

  private constructor(private readonly socket: Socket) {
    socket.on('message', (message, { port, address }) => socket.send(this.answer(message), port, address));
  }

  static async start(): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket);
  }

  /** The address for the setting DNS_SERVERS. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  async stop(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }

  private answer(query: Buffer): Buffer {
    const { name, end } = nameAt(query, QUERY_BYTES);
    const texts = query.readUInt16BE(end) === TXT ? (this.records.get(name) ?? []) : [];
    const code = this.failing ? FAILURE : texts.length > 0 ? 0 : NO_SUCH_NAME;
    const found = code === 0 ? texts : [];
    const head = Buffer.alloc(QUERY_BYTES);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(found.length, 6);
    return Buffer.concat([head, query.subarray(QUERY_BYTES, end + 4), ...found.map(textRecord)]);
  }
}

/** Returns the labels from an offset, and the offset after them. */
function nameAt(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** Returns a TXT record for the requested name (a pointer to it), in strings of at most 255 bytes. */
function textRecord(text: string): Buffer {
  const strings = text.match(/.{1,255}/gs) ?? [''];
  const data = Buffer.concat(
    strings.map((string) => Buffer.concat([Buffer.of(Buffer.byteLength(string)), Buffer.from(string)])),
  );
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(TXT, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
