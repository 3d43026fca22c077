import { Controller, Get, Query } from '@nestjs/common';
import { Public } from '../../../platform/access/decorators.js';
import { Returns } from '../../../platform/http/returns.js';
import { DiscoverQuery, DiscoveryResponse } from './domains.dto.js';
import { SsoDiscovery } from './discovery.service.js';

@Controller('v1/sso/discover')
export class SsoDiscoveryController {
  constructor(private readonly discovery: SsoDiscovery) {}

  @Get()
  @Public('asked before anybody has signed in', { limit: { name: 'sso-discover', points: 60, seconds: 300 } })
  @Returns(DiscoveryResponse)
  discover(@Query() { email }: DiscoverQuery) {
    return this.discovery.discover(email);
  }
}
