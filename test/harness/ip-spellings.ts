import { isIPv4 } from 'node:net';

/** Returns the spellings of a canonical IP that servers and proxies write, by name: 15 or more for each version. */
export function spellingsOf(ip: string): Record<string, string> {
  return isIPv4(ip) ? spellingsOfIpv4(ip) : spellingsOfIpv6(ip);
}

function spellingsOfIpv4(ip: string): Record<string, string> {
  const [a, b, c, d] = ip.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  const hex = `${a}${b}:${c}${d}`;
  return {
    plain: ip,
    'with a port (Azure)': `${ip}:51234`,
    'with port 0': `${ip}:0`,
    'with spaces': `  ${ip} `,
    'with a tab': `\t${ip}`,
    'with a port and spaces': ` ${ip}:443 `,
    quoted: `"${ip}"`,
    'quoted with a port': `"${ip}:51234"`,
    'in brackets': `[${ip}]`,
    'in brackets with a port': `[${ip}]:443`,
    'IPv4-mapped': `::ffff:${ip}`,
    'IPv4-mapped in upper case': `::FFFF:${ip}`,
    'IPv4-mapped in hexadecimal': `::ffff:${hex}`,
    'IPv4-mapped in full': `0000:0000:0000:0000:0000:ffff:${hex}`,
    'IPv4-mapped in brackets': `[::ffff:${ip}]`,
    'IPv4-mapped with a port': `[::ffff:${ip}]:51234`,
    'IPv4-mapped with a zone': `::ffff:${ip}%eth0`,
  };
}

function spellingsOfIpv6(ip: string): Record<string, string> {
  const full = inFull(ip);
  return {
    plain: ip,
    'in upper case': ip.toUpperCase(),
    'in full': full,
    'in full and upper case': full.toUpperCase(),
    'with single zeros': full.replaceAll(/\b0{1,3}/g, ''),
    'with spaces': `  ${ip} `,
    'with a tab': `\t${ip}`,
    quoted: `"${ip}"`,
    'in brackets': `[${ip}]`,
    'in brackets with a port': `[${ip}]:51234`,
    'in brackets in upper case with a port': `[${ip.toUpperCase()}]:443`,
    'quoted in brackets with a port': `"[${ip}]:51234"`,
    'quoted in brackets': `"[${ip}]"`,
    'with a zone': `${ip}%eth0`,
    'with a numeric zone in brackets': `[${ip}%25]`,
    'with a zone and a port': `[${ip}%eth0]:443`,
  };
}

/** Returns an IPv6 address with eight groups of four digits. */
function inFull(ip: string): string {
  const hex = ip.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_dotted, ...bytes: string[]) =>
    bytes
      .slice(0, 4)
      .map((byte, i) => Number(byte).toString(16).padStart(2, '0') + (i === 1 ? ':' : ''))
      .join(''),
  );
  const [head = '', tail = ''] = hex.split('::').map((part) => part);
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(':');
}
