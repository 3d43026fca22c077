import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IncomingMessage } from 'node:http';
import { clientIp, isSecure, trustOf } from './client-ip.js';

const request = (remoteAddress: string | undefined, headers: Record<string, string> = {}, encrypted = false) =>
  ({ socket: { remoteAddress, encrypted }, headers }) as unknown as IncomingMessage;

const ipOf = (setting: string | undefined, remote: string | undefined, forwarded?: string, more = {}) =>
  clientIp(
    request(remote, { ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }), ...more }),
    trustOf(setting),
  );

describe('the IP of a client', () => {
  it('is the peer when no proxy is trusted', () => {
    expect(ipOf(undefined, '192.0.2.1', '203.0.113.7')).toBe('192.0.2.1');
    expect(ipOf('198.51.100.7', '192.0.2.1', '203.0.113.7')).toBe('192.0.2.1');
  });

  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['198.51.100.7', '::ffff:198.51.100.7'],
    ['198.51.100.0/24', '198.51.100.200'],
    ['192.0.2.9, 198.51.100.7', '198.51.100.7'],
    ['2001:DB8::7', '2001:db8:0::7'],
    ['2001:db8::/32', '2001:db8:1::7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['loopback', '127.0.0.9'],
    ['loopback', '::1'],
    ['loopback', '::ffff:127.0.0.1'],
    ['1', '10.0.0.1'],
  ])('is what a proxy reports that %s trusts: %s', (setting, proxy) => {
    expect(ipOf(setting, proxy, '203.0.113.7:51234')).toBe('203.0.113.7');
  });

  it('is the last entry that no trusted proxy wrote, and no text that a client writes in front of it', () => {
    const written = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: 'grapheme-ascii', maxLength: 40 })), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(written, fc.constantFrom('198.51.100.7', 'loopback, 198.51.100.7', '1'), (entries, setting) => {
        expect(ipOf(setting, '198.51.100.7', [...entries, '203.0.113.7'].join(', '))).toBe('203.0.113.7');
        expect(ipOf(setting, '198.51.100.7', [...entries, '10.0.0.9'].join(','))).toBe('10.0.0.9');
      }),
    );
  });

  it('passes several proxies, by name or by number', () => {
    const chain = '192.0.2.66, 203.0.113.7, 198.51.100.8';
    expect(ipOf('198.51.100.7, 198.51.100.8', '198.51.100.7', chain)).toBe('203.0.113.7');
    expect(ipOf('1', '198.51.100.7', chain)).toBe('198.51.100.8');
    expect(ipOf('2', '198.51.100.7', chain)).toBe('203.0.113.7');
    expect(ipOf('3', '198.51.100.7', chain)).toBe('192.0.2.66');
    expect(ipOf('9', '198.51.100.7', chain)).toBe('192.0.2.66');
  });

  it('ignores empty entries and other headers', () => {
    expect(ipOf('1', '198.51.100.7', ' , 203.0.113.7 ,, ')).toBe('203.0.113.7');
    const others = { forwarded: 'for=192.0.2.66', 'x-real-ip': '192.0.2.66', 'true-client-ip': '192.0.2.66' };
    expect(ipOf('1', '198.51.100.7', undefined, others)).toBe('198.51.100.7');
    expect(ipOf('1', '198.51.100.7', '', others)).toBe('198.51.100.7');
  });

  it.each([
    ['a word', 'unknown'],
    ['a hidden name', '_hidden'],
    ['a wrong number', '999.1.1.1'],
    ['an entry of Forwarded', 'for=192.0.2.1'],
    ['a long text', 'a'.repeat(3_000)],
  ])('rejects the request when a trusted proxy reports %s', (_what, entry) => {
    expect(() => ipOf('1', '198.51.100.7', entry)).toThrow(expect.objectContaining({ code: 'client_ip_unreadable' }));
    expect(ipOf('1', '198.51.100.7', `${entry}, 203.0.113.7`)).toBe('203.0.113.7');
  });

  it('rejects the request of a peer that has left', () => {
    expect(() => ipOf('1', undefined)).toThrow(expect.objectContaining({ code: 'client_ip_unreadable' }));
  });
});

describe('TLS', () => {
  const secure = (setting: string | undefined, scheme: string, remote = '198.51.100.7') =>
    isSecure(request(remote, { 'x-forwarded-proto': scheme }), trustOf(setting));

  it('is what the server saw or a trusted proxy reports', () => {
    expect(isSecure(request('192.0.2.1', {}, true), trustOf(undefined))).toBe(true);
    expect(isSecure(request('198.51.100.7'), trustOf('1'))).toBe(false);
    expect(secure('198.51.100.7', 'HTTPS')).toBe(true);
    expect(secure('198.51.100.7', 'https', '::ffff:198.51.100.7')).toBe(true);
  });

  it('is not what a client reports', () => {
    expect(secure(undefined, 'https')).toBe(false);
    expect(secure('198.51.100.7', 'https', '192.0.2.1')).toBe(false);
    expect(secure('198.51.100.7', 'https, http')).toBe(false);
    expect(secure('198.51.100.7', 'http')).toBe(false);
  });
});
