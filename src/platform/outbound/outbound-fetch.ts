import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/index.js';
import { isLoopback, isPublic } from './addresses.js';
import { DnsResolver } from './dns-resolver.js';
import { OutboundError } from './outbound-error.js';

const MAX_BYTES = 256 * 1024;
const MAX_MS = 10_000;

/** What may be said of a request; `fetch`'s own options fit. */
export interface OutboundRequest {
  method?: string;
  headers?: Headers | Record<string, string>;
  body?: string | URLSearchParams | Uint8Array | null;
  signal?: AbortSignal | null;
}

/**
 * The one way to an address that somebody typed in: https to the public internet, checked at the address that is
 * connected
 * to; no redirect is followed, the answer is read whole, 256 kB and ten seconds at most. In development and tests this
 * machine may be
 * asked as well, by plain http too. Never called while a transaction is open: see `UnitOfWork.outside`.
 */
@Injectable()
export class OutboundFetch {
  constructor(
    private readonly names: DnsResolver,
    private readonly app: AppConfig,
  ) {}

  /** A text that is there (200). Throws OutboundError. */
  async text(url: string): Promise<string> {
    const response = await this.fetch(url);
    if (response.status !== 200) throw new OutboundError('status_unexpected');
    return response.text();
  }

  /**
   * As `fetch` of the Fetch standard, so that libraries can be handed it; a redirect is refused. Throws
   * OutboundError.
   */
  async fetch(
    address: string | URL,
    { method = 'GET', headers, body, signal }: OutboundRequest = {},
  ): Promise<Response> {
    const url = this.allowed(address);
    const deadline = AbortSignal.timeout(MAX_MS);
    const options: RequestOptions = {
      method,
      agent: false,
      lookup: this.lookup,
      signal: AbortSignal.any([deadline, ...(signal ? [signal] : [])]),
      headers: {
        ...Object.fromEntries(new Headers(headers)),
        'accept-encoding': 'identity',
        'user-agent': 'vouchsafe',
      },
    };
    try {
      const answer = await send(url, options, body);
      return new Response(hasNoBody(answer.statusCode) ? null : await wholeOf(answer), {
        status: answer.statusCode,
        headers: headersOf(answer),
      });
    } catch (error) {
      if (error instanceof OutboundError) throw error;
      if (isRefused(error)) throw error.cause;
      throw new OutboundError(deadline.aborted ? 'timed_out' : 'unreachable', { cause: error });
    }
  }

  /** The address, where it is one that may be asked. Numbers are checked here, names when they are connected to. */
  private allowed(address: string | URL): URL {
    const url = URL.parse(String(address));
    if (url === null || url.username !== '' || url.password !== '') throw new OutboundError('url_invalid');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const plain = url.protocol === 'http:' && !this.app.deployed && (host === 'localhost' || isLoopback(host));
    if (url.protocol !== 'https:' && !plain) throw new OutboundError('url_invalid');
    if (isIP(host) !== 0 && !this.mayReach(host, plain)) throw new OutboundError('address_forbidden');
    return url;
  }

  /** Plain http leads to this machine alone. */
  private mayReach(address: string, plain: boolean): boolean {
    return isLoopback(address) ? !this.app.deployed : isPublic(address) && !plain;
  }

  /**
   * Every address of the name has to be allowed: one that is not shows what the name is for. The socket connects to
   * what was checked.
   */
  private readonly lookup: LookupFunction = (host, options, done) => {
    this.resolved(host).then(
      (found) => (options.all ? done(null, found) : done(null, found[0]!.address, found[0]!.family)),
      (error: Error) => done(error, '', 0),
    );
  };

  private async resolved(host: string): Promise<{ address: string; family: number }[]> {
    const addresses = await this.names.addresses(host).catch((cause: unknown) => {
      throw new OutboundError('name_unknown', { cause });
    });
    if (addresses.length === 0) throw new OutboundError('name_unknown');
    if (!addresses.every((address) => this.mayReach(address, host === 'localhost')))
      throw new OutboundError('address_forbidden');
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }
}

function send(url: URL, options: RequestOptions, body: OutboundRequest['body']): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, resolve);
  request.on('error', reject);
  request.end(body instanceof URLSearchParams ? body.toString() : (body ?? undefined));
  return promise;
}

/** The body, as long as it is neither too large nor in need of unpacking. */
async function wholeOf(answer: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const status = answer.statusCode ?? 0;
  try {
    if (status >= 300 && status < 400) throw new OutboundError('redirected');
    if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new OutboundError('encoding_unexpected');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new OutboundError('too_large');
      chunks.push(chunk);
    }
    return Uint8Array.from(Buffer.concat(chunks));
  } finally {
    answer.destroy();
  }
}

function hasNoBody(status = 0): boolean {
  return status === 204 || status === 205;
}

function headersOf(answer: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(answer.headersDistinct))
    for (const value of values) headers.append(name, value);
  return headers;
}

/** Node wraps what a lookup refuses where it tried several addresses. */
function isRefused(error: unknown): error is { cause: OutboundError } {
  return error instanceof Error && error.cause instanceof OutboundError;
}
