import { Global, Module } from '@nestjs/common';
import { DnsResolver } from './dns-resolver.js';
import { OutboundFetch } from './outbound-fetch.js';
import './outbound.feature.js';

/** Provides outbound requests and DNS lookups. */
@Global()
@Module({ providers: [DnsResolver, OutboundFetch], exports: [DnsResolver, OutboundFetch] })
export class OutboundModule {}
