import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { serviceProviderUrls } from './saml-connection.js';
import { guideFor, type GuidedProvider } from './setup-guide.js';
import { SsoRepository } from '../sso/index.js';

/** Builds setup guides: the values to enter at an identity provider for one connection. */
@Injectable()
export class SetupGuides {
  constructor(
    private readonly repository: SsoRepository,
    private readonly app: AppConfig,
  ) {}

  /** Returns the guide. Throws `not_found` when there is no such connection or it uses another protocol. */
  async guide(connectionId: string, provider: GuidedProvider) {
    const connection = await this.repository.find(connectionId);
    if (connection === null || connection.protocol !== 'saml') throw new Problem('not_found');
    const { spEntityId: entityId, ...urls } = serviceProviderUrls(this.app.origin, connectionId);
    const { metadataWarnings, spCertificates } = connection;
    const certificate = spCertificates.at(-1) ?? null;
    return { ...guideFor(provider, { ...connection, ...urls, entityId, certificate }), metadataWarnings };
  }
}
