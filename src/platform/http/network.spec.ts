import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spellingsOf } from '../../../test/harness/ip-spellings.js';
import { canonicalIp, canonicalRange, isRange, networkOf } from './network.js';

const IPS = [
  ['IPv4', '203.0.113.7'],
  ['IPv6', '2001:db8::1:0:0:7'],
] as const;

describe('an IP', () => {
  it.each(IPS)('of %s has one form in every spelling of servers and proxies', (_version, ip) => {
    const spellings = spellingsOf(ip);
    expect(Object.keys(spellings).length).toBeGreaterThanOrEqual(15);
    const read = Object.entries(spellings).map(([name, spelling]) => [name, canonicalIp(spelling)]);
    expect(read).toEqual(Object.keys(spellings).map((name) => [name, ip]));
  });

  it.each([
    '',
    ' ',
    'unknown',
    '_hidden',
    '203.0.113',
    '203.0.113.7.1',
    '203.0.113.256',
    '203.0.113.007',
    '0xCB.0.113.7',
    '3405803783',
    '203.0.113.7/32',
    '203.0.113.7:port',
    '203.0.113.7:123456',
    '203.0.113.7, 198.51.100.1',
    '2001:db8::1::7',
    '1:2:3:4:5:6:7:8:443',
    '[2001:db8::7',
    '[2001:db8::7]443',
    'for=203.0.113.7',
    '::ffff:203.0.113.999',
    `2001:db8::7%${'a'.repeat(3_000)}`,
  ])('is not read from the text %j', (text) => {
    expect(canonicalIp(text)).toBeNull();
  });

  it.each([
    // RFC 5952 section 4
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::AAAA', '2001:db8::aaaa'],
  ])('%s is written as %s', (text, canonical) => {
    expect(canonicalIp(text)).toBe(canonical);
  });

  it('stays the same when it is read again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const ip = canonicalIp(text)!;
        expect(canonicalIp(ip)).toBe(ip);
        for (const spelling of Object.values(spellingsOf(ip))) expect(canonicalIp(spelling)).toBe(ip);
      }),
    );
  });
});

it.each([
  ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ['::FFFF:c000:0207', '192.0.2.7/32'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['2001:db8::/32', '2001:db8::/32'],
  ['::/0', '::/0'],
  ['::ffff:10.0.0.0/8', '::ffff:10.0.0.0/8'],
  ['::ffff:10.0.0.0/104/1', '::ffff:10.0.0.0/104/1'],
  ['anywhere', 'anywhere'],
])('the range %s is %s', (range, canonical) => {
  expect(canonicalRange(range)).toBe(canonical);
});

it('of IPv4-mapped IPv6 is the IPv4 range in every spelling', () => {
  for (const ip of ['::ffff:127.0.0.0', '0:0:0:0:0:ffff:127.0.0.0', '::FFFF:7f00:0', '0000::ffff:7f00:0000'])
    expect(canonicalRange(`${ip}/104`)).toBe('127.0.0.0/8');
});

it.each(['192.0.2.7', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::ffff:10.0.0.0/104'])('%s is a range', (text) => {
  expect(isRange(text)).toBe(true);
});

it.each([
  '10',
  '10.1',
  '010.0.0.1',
  '10.0.0.0/33',
  '10.0.0.0/0x8',
  '10.0.0.0/1e0',
  '10.0.0.0/ 8',
  '10.0.0.0/08',
  '::/129',
  '::1%lo/64',
  '10.0.0.0/8/8',
  '',
])('%j is not a range', (text) => {
  expect(isRange(text)).toBe(false);
});

it.each([
  [null, 'unknown'],
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:192.0.2.7', '2001:db8:1:2::/64'],
])('%s is counted as %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

it('groups IPv6 addresses by their first 64 bits', () => {
  const written = (groups: readonly number[]) => groups.map((group) => group.toString(16)).join(':');
  const groups = (length: number) =>
    fc.array(fc.integer({ min: 1, max: 0xffff }), { minLength: length, maxLength: length });
  fc.assert(
    fc.property(groups(4), groups(4), groups(4), groups(4), (net, other, host, otherHost) => {
      expect(networkOf(written([...net, ...host]))).toBe(networkOf(written([...net, ...otherHost])));
      expect(networkOf(written([...net, ...host])) === networkOf(written([...other, ...host]))).toBe(
        written(net) === written(other),
      );
    }),
  );
});
