import { Matches } from 'class-validator';
import { Env } from './env.js';

/** An IPv4 address or an IPv6 address in brackets, each with an optional port. */
const SERVER = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?)`;

/** DNS configuration for lookups of external names. */
export class OutboundConfig {
  @Env('DNS_SERVERS', {
    description:
      'The DNS servers for the verification of domains; the default is the configuration of the operating system',
    expected: 'IP addresses separated by commas, each with an optional port, such as 192.0.2.1:53,192.0.2.2',
  })
  @Matches(new RegExp(`^${SERVER}(?:,${SERVER})*$`))
  readonly dnsServers?: string;
}
