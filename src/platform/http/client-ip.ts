import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Problem } from '../problem/problem.js';
import { canonicalIp } from './network.js';

/**
 * Returns whether the server uses what a peer reports. `ip` is the canonical IP of the peer; `hop` counts the peers
 * from the server, which is next to hop 0.
 */
export type Trust = (ip: string, hop: number) => boolean;

/** Returns the trust of `TRUST_PROXY`: a number of proxies, or IPs and CIDR blocks. Without it, no peer is trusted. */
export function trustOf(setting: string | undefined): Trust {
  if (setting === undefined) return () => false;
  if (/^\d+$/.test(setting)) return (_ip, hop) => hop < Number(setting);
  const proxies = new BlockList();
  for (const part of setting.split(',')) trustPart(proxies, part.trim());
  return (ip) => proxies.check(ip, familyOf(ip));
}

function trustPart(proxies: BlockList, part: string): void {
  if (part === 'loopback') {
    proxies.addSubnet('127.0.0.0', 8, 'ipv4');
    proxies.addAddress('::1', 'ipv6');
    return;
  }
  const [ip = '', bits] = part.split('/');
  if (bits === undefined) {
    const canonical = canonicalIp(ip) ?? ip;
    proxies.addAddress(canonical, familyOf(canonical));
  } else proxies.addSubnet(ip, Number(bits), familyOf(ip));
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return isIPv6(ip) ? 'ipv6' : 'ipv4';
}

/**
 * Returns the canonical IP of the client: the nearest peer that is not a trusted proxy. Each trusted proxy reports its
 * own peer as the last entry of `X-Forwarded-For`. Other headers, such as `Forwarded`, have no effect. Throws
 * client_ip_unreadable for an entry that is not an IP: without an IP, all clients of the proxy would share one rate
 * limit.
 */
export function clientIp({ socket, headers }: IncomingMessage, trust: Trust): string {
  const reported = listed(headers['x-forwarded-for']);
  let ip = readIp(socket.remoteAddress ?? '');
  for (let hop = 0; reported.length > 0 && trust(ip, hop); hop += 1) ip = readIp(reported.pop()!);
  return ip;
}

/** Returns true if the client used TLS, according to this server or to a trusted proxy (`X-Forwarded-Proto`). */
export function isSecure({ socket, headers }: IncomingMessage, trust: Trust): boolean {
  if ((socket as Partial<TLSSocket>).encrypted === true) return true;
  const reported = listed(headers['x-forwarded-proto']);
  const ip = canonicalIp(socket.remoteAddress ?? '');
  return ip !== null && trust(ip, 0) && reported.length > 0 && reported.every((scheme) => /^https$/i.test(scheme));
}

/** Returns the entries of a list header without the empty ones (RFC 9110 section 5.6.1.2). */
function listed(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return String(header)
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function readIp(text: string): string {
  const ip = canonicalIp(text);
  if (ip === null) throw new Problem('client_ip_unreadable');
  return ip;
}
