import { lookup, Resolver } from 'node:dns/promises';
import { Injectable } from '@nestjs/common';
import { OutboundConfig } from '../config/index.js';

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** The name, or a record of that kind of it, does not exist. Anything else is no answer (node:dns, error codes). */
const ABSENT = new Set(['ENOTFOUND', 'ENODATA']);

/** The domain name system. */
@Injectable()
export class DnsResolver {
  constructor(private readonly config: OutboundConfig) {}

  /** IP addresses of a host, as the system knows them. Rejects with node:dns' errors. */
  async addresses(host: string): Promise<string[]> {
    return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
  }

  /**
   * TXT records of a name, the strings of each joined (RFC 7208, section 3.3); none where there are none. Rejects when
   * nobody answers.
   */
  async texts(name: string): Promise<string[]> {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    if (this.config.dnsServers !== undefined) resolver.setServers(this.config.dnsServers.split(','));
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(''));
    } catch (error) {
      if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
  }
}
