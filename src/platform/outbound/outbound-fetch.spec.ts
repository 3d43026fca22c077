import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AppConfig, OutboundConfig } from '../config/index.js';
import { isPublic } from './addresses.js';
import { DnsResolver } from './dns-resolver.js';
import { OutboundFetch } from './outbound-fetch.js';
import { OutboundError } from './outbound-error.js';

/** Names as a test has them, in place of the system's. */
class KnownNames extends DnsResolver {
  constructor(private readonly known: Record<string, string[]>) {
    super(new OutboundConfig());
  }

  override async addresses(host: string): Promise<string[]> {
    const found = this.known[host];
    if (found === undefined) throw new Error('ENOTFOUND');
    return found;
  }
}

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

/** A server on this machine; gives back its port. */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function outbound(environment: 'test' | 'production', names: Record<string, string[]> = {}): OutboundFetch {
  return new OutboundFetch(new KnownNames(names), Object.assign(new AppConfig(), { environment }));
}

async function refusal(fetching: Promise<unknown>): Promise<string> {
  const error: unknown = await fetching.then(
    () => 'fetched',
    (cause: unknown) => cause,
  );
  return error instanceof OutboundError ? error.reason : String(error);
}

const INSIDE = [
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

describe('which addresses are public', () => {
  it.each(INSIDE)('%s is not', (address) => expect(isPublic(address)).toBe(false));
  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])('%s is', (address) =>
    expect(isPublic(address)).toBe(true),
  );
});

describe('OutboundFetch, deployed', () => {
  it.each([
    ...INSIDE.map((address) => `https://${address.includes(':') ? `[${address}]` : address}/`),
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://[::ffff:7f00:1]/',
  ])('does not ask %s', async (url) =>
    expect(await refusal(outbound('production').text(url))).toBe('address_forbidden'),
  );

  it.each([
    'http://idp.example.test/',
    'ftp://idp.example.test/',
    'file:///etc/passwd',
    'https://user:password@idp.example.test/',
    'data:text/plain,x',
    'nonsense',
    '',
  ])('takes no address like %s', async (url) =>
    expect(await refusal(outbound('production').text(url))).toBe('url_invalid'),
  );

  it.each(INSIDE)('does not ask a name that leads to %s', async (address) => {
    expect(
      await refusal(outbound('production', { 'idp.example.test': [address] }).text('https://idp.example.test/')),
    ).toBe('address_forbidden');
  });

  it('does not ask a name of which one address leads inside', async () => {
    expect(
      await refusal(
        outbound('production', { 'idp.example.test': ['2606:4700::1111', '10.0.0.1'] }).text(
          'https://idp.example.test/',
        ),
      ),
    ).toBe('address_forbidden');
  });

  it('says so when there is no such name', async () => {
    expect(await refusal(outbound('production').text('https://nowhere.example.test/'))).toBe('name_unknown');
  });
});

describe('OutboundFetch, in a test', () => {
  it('reads what this machine serves, and sends what it is given', async () => {
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
    expect(await refusal(outbound('test').text(`http://127.0.0.1:${port}/`))).toBe('redirected');
  });

  it('takes nothing over 256 kB, however it is sent', async () => {
    const port = await serve((_request, response) => response.end('x'.repeat(256 * 1024 + 1)));
    expect(await refusal(outbound('test').text(`http://127.0.0.1:${port}/`))).toBe('too_large');
    const room = await serve((_request, response) => response.end('x'.repeat(256 * 1024)));
    expect((await outbound('test').text(`http://127.0.0.1:${room}/`)).length).toBe(256 * 1024);
  });

  it('unpacks nothing', async () => {
    const port = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
    expect(await refusal(outbound('test').text(`http://127.0.0.1:${port}/`))).toBe('encoding_unexpected');
  });

  it('takes only what is there for a text', async () => {
    const port = await serve((_request, response) => response.writeHead(404).end('x'));
    expect(await refusal(outbound('test').text(`http://127.0.0.1:${port}/`))).toBe('status_unexpected');
  });

  it('ends when its caller does', async () => {
    const ended = new AbortController();
    const port = await serve(() => ended.abort());
    expect(await refusal(outbound('test').fetch(`http://127.0.0.1:${port}/`, { signal: ended.signal }))).toBe(
      'unreachable',
    );
  });

  it('speaks plain http to this machine alone, whatever a name says', async () => {
    expect(await refusal(outbound('test').text('http://169.254.169.254/latest/meta-data'))).toBe('url_invalid');
    expect(await refusal(outbound('test', { localhost: ['8.8.8.8'] }).text('http://localhost:1/'))).toBe(
      'address_forbidden',
    );
  });
});
