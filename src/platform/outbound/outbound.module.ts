import { Global, Module } from '@nestjs/common';
import { DnsResolver } from './dns-resolver.js';
import { OutboundFetch } from './outbound-fetch.js';
import './outbound.feature.js';

/** For whoever has to ask somebody outside. */
@Global()
@Module({ providers: [DnsResolver, OutboundFetch], exports: [DnsResolver, OutboundFetch] })
export class OutboundModule {}
