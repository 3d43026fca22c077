import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import type { SsoProtocol } from '../sso/index.js';
import { domainOf } from './domain.js';
import { SignInDiscoveryRepository } from './discovery.repository.js';

/**
 * Finds the sign-in methods for an e-mail address. Only the domain of the address matters, so the answer does not
 * reveal whether an account exists.
 */
@Injectable()
export class SignInDiscovery {
  constructor(
    private readonly repository: SignInDiscoveryRepository,
    private readonly app: AppConfig,
  ) {}

  /** Returns the sign-in methods. Throws `invalid_request` when the text is not an e-mail address. */
  async discover(email: string) {
    const domain = domainOf(email);
    if (domain === undefined) throw new Problem('invalid_request', { detail: 'email must be an e-mail address' });
    const { password, connections } = await this.repository.signInMethods(domain);
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
