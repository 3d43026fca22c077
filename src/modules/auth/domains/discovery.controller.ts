import { Controller, Get, Query } from '@nestjs/common';
import { Public } from '../../../platform/access/decorators.js';
import { PAGE_VIEWS } from '../../../platform/access/network-limit.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { DiscoverQuery, DiscoveryResponse } from './domains.dto.js';
import { SignInDiscovery } from './discovery.service.js';

@Controller('v1/sso/discover')
export class SignInDiscoveryController {
  constructor(private readonly discovery: SignInDiscovery) {}

  @Get()
  @Public('the sign-in page calls it before sign-in', { limit: { name: 'sso-discover', ...PAGE_VIEWS } })
  @ResponseType(DiscoveryResponse)
  discover(@Query() { email }: DiscoverQuery) {
    return this.discovery.discover(email);
  }
}
