import { BlockList, isIPv4 } from 'node:net';

/** IPv4 blocks outside the public internet (IANA special-purpose registry, RFC 6890), including multicast. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/**
 * Special blocks within 2000::/3, the block of public IPv6 addresses (RFC 4291 section 2.4), including tunnels to IPv4.
 */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const special = new BlockList();
for (const [block, bits] of SPECIAL_V4) special.addSubnet(block, bits, 'ipv4');
for (const [block, bits] of SPECIAL_V6) special.addSubnet(block, bits, 'ipv6');
const publicV6 = new BlockList();
publicV6.addSubnet('2000::', 3, 'ipv6');
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Returns true for an IP of the public internet. IPv4-mapped IPv6 addresses are never public. */
export function isPublic(ip: string): boolean {
  if (isIPv4(ip)) return !special.check(ip, 'ipv4');
  return publicV6.check(ip, 'ipv6') && !special.check(ip, 'ipv6');
}

/** Returns true for a loopback IP. */
export function isLoopback(ip: string): boolean {
  return isIPv4(ip) ? loopback.check(ip, 'ipv4') : ip === '::1';
}
