import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/index.js';
import { isLoopback, isPublic } from './addresses.js';
import { DnsResolver } from './dns-resolver.js';
import { OutboundError } from './outbound-error.js';

/** The limits of a response. */
export interface OutboundLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

const LIMITS: OutboundLimits = { maxBytes: 256 * 1024, timeoutMs: 10_000 };

/** Options of a request; a subset of the options of `fetch`. */
export interface OutboundRequest {
  method?: string;
  headers?: Headers | Record<string, string>;
  body?: string | URLSearchParams | Uint8Array | null;
  signal?: AbortSignal | null;
}

/**
 * Sends requests to user-supplied URLs: https to the public internet only. The IP is checked when the socket connects.
 * Redirects are rejected. A response is limited to 256 kB and ten seconds, unless the caller states other limits.
 * Development and tests can also use loopback IPs and plain HTTP. Do not call it in an open transaction: see
 * `UnitOfWork.withoutTransaction`.
 */
@Injectable()
export class OutboundFetch {
  constructor(
    private readonly resolver: DnsResolver,
    private readonly app: AppConfig,
  ) {}

  /** Returns the text of a response with status 200. Throws OutboundError. */
  async text(url: string): Promise<string> {
    const response = await this.fetch(url);
    if (response.status !== 200) throw new OutboundError('status_unexpected');
    return response.text();
  }

  /** Yields the bytes of a response with status 200 while they arrive. Throws OutboundError. */
  async *bytes(url: string, limits: OutboundLimits): AsyncGenerator<Uint8Array> {
    const deadline = AbortSignal.timeout(limits.timeoutMs);
    try {
      const response = await send(this.allowedUrl(url), this.options(deadline));
      yield* bodyOf(response, limits.maxBytes, 200);
    } catch (error) {
      throw toOutboundError(error, deadline);
    }
  }

  /**
   * Sends a request like `fetch` of the Fetch standard, so that libraries can use it. Rejects redirects. Throws
   * OutboundError.
   */
  async fetch(
    target: string | URL,
    { method = 'GET', headers, body, signal }: OutboundRequest = {},
  ): Promise<Response> {
    const url = this.allowedUrl(target);
    const deadline = AbortSignal.timeout(LIMITS.timeoutMs);
    const limit = AbortSignal.any([deadline, ...(signal ? [signal] : [])]);
    try {
      const response = await send(url, { ...this.options(limit, headers), method }, body);
      return new Response(hasNoBody(response.statusCode) ? null : await readBody(response), {
        status: response.statusCode,
        headers: headersOf(response),
      });
    } catch (error) {
      throw toOutboundError(error, deadline);
    }
  }

  private options(signal: AbortSignal, headers?: OutboundRequest['headers']): RequestOptions {
    return {
      agent: false,
      lookup: this.lookup,
      signal,
      headers: {
        ...Object.fromEntries(new Headers(headers)),
        'accept-encoding': 'identity',
        'user-agent': 'vouchsafe',
      },
    };
  }

  /** Returns the URL if it is allowed. An IP is checked here, a name when the socket connects. */
  private allowedUrl(target: string | URL): URL {
    const url = URL.parse(String(target));
    if (url === null || url.username !== '' || url.password !== '') throw new OutboundError('url_invalid');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const plainHttp = url.protocol === 'http:' && !this.app.deployed && (host === 'localhost' || isLoopback(host));
    if (url.protocol !== 'https:' && !plainHttp) throw new OutboundError('url_invalid');
    if (isIP(host) !== 0 && !this.mayReach(host, plainHttp)) throw new OutboundError('address_forbidden');
    return url;
  }

  /** Returns true if an IP is allowed: plain HTTP for loopback only, https for public IPs. */
  private mayReach(ip: string, plainHttp: boolean): boolean {
    return isLoopback(ip) ? !this.app.deployed : isPublic(ip) && !plainHttp;
  }

  /**
   * Requires that every IP of the name is allowed, because one forbidden IP shows an internal target. The socket
   * connects to the checked IP, which prevents DNS rebinding.
   */
  private readonly lookup: LookupFunction = (host, options, done) => {
    this.resolve(host).then(
      (found) => (options.all ? done(null, found) : done(null, found[0]!.address, found[0]!.family)),
      (error: Error) => done(error, '', 0),
    );
  };

  private async resolve(host: string): Promise<{ address: string; family: number }[]> {
    const addresses = await this.resolver.addresses(host).catch((cause: unknown) => {
      throw new OutboundError('name_unknown', { cause });
    });
    if (addresses.length === 0) throw new OutboundError('name_unknown');
    if (!addresses.every((address) => this.mayReach(address, host === 'localhost')))
      throw new OutboundError('address_forbidden');
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }
}

function send(url: URL, options: RequestOptions, body?: OutboundRequest['body']): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, resolve);
  request.on('error', reject);
  request.end(body instanceof URLSearchParams ? body.toString() : (body ?? undefined));
  return promise;
}

async function readBody(response: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of bodyOf(response, LIMITS.maxBytes)) chunks.push(chunk);
  return Uint8Array.from(Buffer.concat(chunks));
}

/** Yields the body. Throws for a redirect, another status than `wanted`, a compressed body, or one over the limit. */
async function* bodyOf(response: IncomingMessage, maxBytes: number, wanted?: number): AsyncGenerator<Buffer> {
  const status = response.statusCode ?? 0;
  try {
    if (status >= 300 && status < 400) throw new OutboundError('redirected');
    if (wanted !== undefined && status !== wanted) throw new OutboundError('status_unexpected');
    if ((response.headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new OutboundError('encoding_unexpected');
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if ((bytes += chunk.length) > maxBytes) throw new OutboundError('too_large');
      yield chunk;
    }
  } finally {
    response.destroy();
  }
}

function hasNoBody(status = 0): boolean {
  return status === 204 || status === 205;
}

function headersOf(response: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(response.headersDistinct))
    for (const value of values) headers.append(name, value);
  return headers;
}

function toOutboundError(error: unknown, deadline: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error;
  if (isLookupError(error)) return error.cause;
  return new OutboundError(deadline.aborted ? 'timed_out' : 'unreachable', { cause: error });
}

/** Returns true for an error of the lookup, which Node wraps after several connection attempts. */
function isLookupError(error: unknown): error is { cause: OutboundError } {
  return error instanceof Error && error.cause instanceof OutboundError;
}
