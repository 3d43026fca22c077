import { Injectable } from '@nestjs/common';
import { Problem } from '../../../platform/problem/index.js';
import { filledGuide, type GuidedProvider } from './setup-guide.js';
import { SsoProtocols } from './sso-protocols.js';
import { SsoRepository } from './sso.repository.js';

/** Builds setup guides: the values to enter at an identity provider for one connection. */
@Injectable()
export class SetupGuides {
  constructor(
    private readonly repository: SsoRepository,
    private readonly protocols: SsoProtocols,
  ) {}

  /** Returns the guide. Throws `not_found` when there is no such connection. */
  async guide(connectionId: string, provider: GuidedProvider) {
    const connection = await this.repository.find(connectionId);
    if (connection === null) throw new Problem('not_found');
    const { protocol, metadataWarnings } = connection;
    const { guide, values } = this.protocols.get(protocol).guide(connection, provider);
    return { provider, protocol, ...filledGuide(guide, values, connection), metadataWarnings };
  }
}
