import { lookup, Resolver } from 'node:dns/promises';
import { Injectable } from '@nestjs/common';
import { OutboundConfig } from '../config/index.js';

const TIMEOUT_MS = 3_000;
const MAX_TRIES = 2;
/** The name or the record type does not exist. Any other code is a failed lookup (node:dns, error codes). */
const ABSENT = new Set(['ENOTFOUND', 'ENODATA']);

/** Looks up DNS names. */
@Injectable()
export class DnsResolver {
  constructor(private readonly config: OutboundConfig) {}

  /** Returns the IPs of a host from the resolver of the operating system. Rejects with the errors of node:dns. */
  async addresses(host: string): Promise<string[]> {
    return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
  }

  /**
   * Returns the TXT records of a name with the strings of each joined (RFC 7208 section 3.3), or an empty list. Rejects
   * when no DNS server responds.
   */
  async texts(name: string): Promise<string[]> {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: MAX_TRIES });
    if (this.config.dnsServers !== undefined) resolver.setServers(this.config.dnsServers.split(','));
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(''));
    } catch (error) {
      if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
  }
}
