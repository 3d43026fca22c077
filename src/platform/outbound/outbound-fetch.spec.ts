import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AppConfig, OutboundConfig } from '../config/index.js';
import { isPublic } from './addresses.js';
import { DnsResolver } from './dns-resolver.js';
import { OutboundFetch } from './outbound-fetch.js';
import { OutboundError } from './outbound-error.js';

/** A DNS resolver with fixed names. */
class FakeResolver extends DnsResolver {
  constructor(private readonly hosts: Record<string, string[]>) {
    super(new OutboundConfig());
  }

  override async addresses(host: string): Promise<string[]> {
    const found = this.hosts[host];
    if (found === undefined) throw new Error('ENOTFOUND');
    return found;
  }
}

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

/** Starts a local server and returns its port. */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function outbound(environment: 'test' | 'production', names: Record<string, string[]> = {}): OutboundFetch {
  return new OutboundFetch(new FakeResolver(names), Object.assign(new AppConfig(), { environment }));
}

async function outcomeOf(fetching: Promise<unknown>): Promise<string> {
  const error: unknown = await fetching.then(
    () => 'fetched',
    (cause: unknown) => cause,
  );
  return error instanceof OutboundError ? error.reason : String(error);
}

const NON_PUBLIC_IPS = [
  '127.0.0.1',
  '127.9.9.9',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '2002:7f00:1::',
  '2001::1',
  '2001:db8::1',
];

describe('isPublic', () => {
  it.each(NON_PUBLIC_IPS)('returns false for %s', (address) => expect(isPublic(address)).toBe(false));
  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    'returns true for %s',
    (address) => expect(isPublic(address)).toBe(true),
  );
});

describe('OutboundFetch, deployed', () => {
  it.each([
    ...NON_PUBLIC_IPS.map((address) => `https://${address.includes(':') ? `[${address}]` : address}/`),
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://[::ffff:7f00:1]/',
  ])('sends no request to %s', async (url) =>
    expect(await outcomeOf(outbound('production').text(url))).toBe('address_forbidden'),
  );

  it.each([
    'http://idp.example.test/',
    'ftp://idp.example.test/',
    'file:///etc/passwd',
    'https://user:password@idp.example.test/',
    'data:text/plain,x',
    'nonsense',
    '',
  ])('rejects the URL %s', async (url) =>
    expect(await outcomeOf(outbound('production').text(url))).toBe('url_invalid'),
  );

  it.each(NON_PUBLIC_IPS)('sends no request to a name that resolves to %s', async (address) => {
    expect(
      await outcomeOf(outbound('production', { 'idp.example.test': [address] }).text('https://idp.example.test/')),
    ).toBe('address_forbidden');
  });

  it('sends no request to a name with one non-public IP', async () => {
    expect(
      await outcomeOf(
        outbound('production', { 'idp.example.test': ['2606:4700::1111', '10.0.0.1'] }).text(
          'https://idp.example.test/',
        ),
      ),
    ).toBe('address_forbidden');
  });

  it('reports an unknown name', async () => {
    expect(await outcomeOf(outbound('production').text('https://nowhere.example.test/'))).toBe('name_unknown');
  });
});

describe('OutboundFetch, in a test', () => {
  it('sends the given request to a local server and returns its response', async () => {
    const port = await serve((request, response) => request.pipe(response.setHeader('x-method', request.method!)));
    const answer = await outbound('test').fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'b' }),
    });
    expect([answer.status, answer.headers.get('x-method'), await answer.text()]).toEqual([200, 'POST', 'a=b']);
  });

  it('follows no redirect', async () => {
    const port = await serve((_request, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    );
    expect(await outcomeOf(outbound('test').text(`http://127.0.0.1:${port}/`))).toBe('redirected');
  });

  it('rejects a response over 256 kB', async () => {
    const port = await serve((_request, response) => response.end('x'.repeat(256 * 1024 + 1)));
    expect(await outcomeOf(outbound('test').text(`http://127.0.0.1:${port}/`))).toBe('too_large');
    const room = await serve((_request, response) => response.end('x'.repeat(256 * 1024)));
    expect((await outbound('test').text(`http://127.0.0.1:${room}/`)).length).toBe(256 * 1024);
  });

  it('rejects a compressed response', async () => {
    const port = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
    expect(await outcomeOf(outbound('test').text(`http://127.0.0.1:${port}/`))).toBe('encoding_unexpected');
  });

  it('accepts only status 200 for a text', async () => {
    const port = await serve((_request, response) => response.writeHead(404).end('x'));
    expect(await outcomeOf(outbound('test').text(`http://127.0.0.1:${port}/`))).toBe('status_unexpected');
  });

  it('aborts when the caller aborts', async () => {
    const ended = new AbortController();
    const port = await serve(() => ended.abort());
    expect(await outcomeOf(outbound('test').fetch(`http://127.0.0.1:${port}/`, { signal: ended.signal }))).toBe(
      'unreachable',
    );
  });

  it('uses plain HTTP only for loopback IPs, independent of DNS', async () => {
    expect(await outcomeOf(outbound('test').text('http://169.254.169.254/latest/meta-data'))).toBe('url_invalid');
    expect(await outcomeOf(outbound('test', { localhost: ['8.8.8.8'] }).text('http://localhost:1/'))).toBe(
      'address_forbidden',
    );
  });
});
