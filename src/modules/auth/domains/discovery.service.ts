import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import type { SsoProtocol } from '../sso/index.js';
import { domainOf } from './domain.js';
import { SignInDiscoveryRepository } from './discovery.repository.js';

/** Where an address signs in, from its domain alone: the answer is the same whether or not anybody has that address. */
@Injectable()
export class SignInDiscovery {
  constructor(
    private readonly repository: SignInDiscoveryRepository,
    private readonly app: AppConfig,
  ) {}

  /** Throws invalid_request for what is no address. */
  async discover(email: string) {
    const domain = domainOf(email);
    if (domain === undefined) throw new Problem('invalid_request', { detail: 'email must be an e-mail address' });
    const { password, connections } = await this.repository.ways(domain);
    return {
      password,
      connections: connections.map(({ id, name, protocol, organization }) => ({
        id,
        name,
        protocol,
        loginUrl: this.loginUrl(protocol, id, organization),
      })),
    };
  }

  private loginUrl(protocol: SsoProtocol, id: string, organization: string | null): string {
    return (
      `${this.app.origin}/v1/sso/${protocol}/${id}/login` +
      (organization === null ? '' : `?organization=${organization}`)
    );
  }
}
