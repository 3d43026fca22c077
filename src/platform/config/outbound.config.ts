import { Matches } from 'class-validator';
import { Env } from './env.js';

/** An IPv4 address or an IPv6 address in brackets, each with an optional port. */
const SERVER = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?)`;

/** How names of others are looked up. */
export class OutboundConfig {
  @Env('DNS_SERVERS', {
    description:
      "The name servers that are asked whether a domain is an organization's; the default is what the system asks",
    expected: 'IP addresses with commas between, each perhaps with a port, such as 192.0.2.1:53,192.0.2.2',
  })
  @Matches(new RegExp(`^${SERVER}(?:,${SERVER})*$`))
  readonly dnsServers?: string;
}
