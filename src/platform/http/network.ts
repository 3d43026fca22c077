import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** `192.0.2.7:443`, `[2001:db8::1]`, or `[2001:db8::1]:443`. A port without brackets belongs to IPv4. */
const WITH_PORT = /^(?:([\d.]+):\d{1,5}|\[([^\]]*)\](?::\d{1,5})?)$/;
const QUOTED = /^"(.*)"$/;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;
/** An IPv6 address with a zone index has at most 45 characters and the name of an interface; a port adds a few. */
const MAX_LENGTH = 100;

/**
 * Returns the one form in which the server uses an IP: dotted IPv4, or IPv6 as in RFC 5952. Reads the forms that
 * servers and proxies write: with a port, in brackets, in quotes, in upper case, with spaces around, with a zone index,
 * and IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2), which is the IPv4 address. Returns null for any other text.
 */
export function canonicalIp(text: string): string | null {
  if (isIPv4(text)) return text;
  if (text.length > MAX_LENGTH) return null;
  const given = text.trim().replace(QUOTED, '$1');
  const [, v4, bracketed] = WITH_PORT.exec(given) ?? [];
  const bare = v4 ?? bracketed ?? given;
  if (isIPv4(bare)) return bare;
  if (!isIPv6(bare)) return null;
  const { address } = new SocketAddress({ address: bare.split('%')[0]!, family: 'ipv6' });
  return MAPPED.exec(address)?.[1] ?? address;
}

/** Returns whether a text is an IP, or a CIDR block in full: no abbreviated IP, and decimal bits (RFC 4632). */
export function isRange(text: string): boolean {
  const [ip = '', bits, more] = text.split('/');
  if (more !== undefined || !(isIPv4(ip) || isIPv6(ip)) || ip.includes('%')) return false;
  return bits === undefined || (/^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (isIPv4(ip) ? 32 : 128));
}

/** Returns a CIDR block of IPv4-mapped IPv6 as its IPv4 block, and any other range unchanged. */
export function canonicalRange(text: string): string {
  if (!isRange(text)) return text;
  const [ip = '', bits = '128'] = text.split('/');
  const canonical = isIPv6(ip) ? canonicalIp(ip) : null;
  return canonical !== null && isIPv4(canonical) && Number(bits) >= 96 ? `${canonical}/${Number(bits) - 96}` : text;
}

/**
 * Returns the network that shares an IP rate limit: one IPv4 address, or an IPv6 /64, because one subscriber controls
 * all its addresses (RFC 6177). Takes a canonical IP, or null for a caller without one, such as a job.
 */
export function networkOf(ip: string | null): string {
  if (ip === null) return 'unknown';
  if (!isIPv6(ip)) return ip;
  return `${groupsOf(ip)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** Returns the eight groups of a valid IPv6 address. */
function groupsOf(ip: string): number[] {
  const [head = '', tail] = ip.replace(/\d+\.\d+\.\d+\.\d+$/, asGroups).split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [before, after] = [parse(head), parse(tail ?? '')];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** Converts the last four bytes from dotted form to two groups. */
function asGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
