import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { networkOf } from './network.js';

it.each([
  [null, 'unknown'],
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:DB8::1', '2001:db8:0:0::/64'],
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
