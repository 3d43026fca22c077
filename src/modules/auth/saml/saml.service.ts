import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/http/problem.js';
import { StoredSamlConnections } from './stored-saml-connections.js';
import { PendingRequests } from '../sso/request-store.js';
import type { SamlConnection } from './saml-connection.js';
import { SsoDepartures, type SsoDeparture, type SsoVisitor } from '../sso/sso-departures.js';
import { problemOf } from '../sso/sso-problem.js';
import { SsoRefused } from '../sso/sso-refusal.js';
import { beginSignIn } from './saml-login.js';
import { serviceProviderMetadata } from './sp-metadata.js';

/** The steps of a SAML sign-in that a browser sees before it arrives: metadata, departure. */
@Injectable()
export class SamlService {
  constructor(
    private readonly connections: StoredSamlConnections,
    private readonly requests: PendingRequests,
    private readonly app: AppConfig,
    departures: SsoDepartures,
  ) {
    departures.add('saml', (connectionId, visitor) => this.depart(connectionId, visitor));
  }

  /** Our metadata for one connection. Throws not_found. */
  async metadata(connectionId: string): Promise<string> {
    return serviceProviderMetadata(await this.connection(connectionId));
  }

  /** Where to send the browser. Throws not_found, invalid_request for a foreign return path, unavailable without Redis. */
  async depart(connectionId: string, visitor: SsoVisitor): Promise<SsoDeparture> {
    const connection = await this.connection(connectionId);
    try {
      return await beginSignIn(connection, this.requests, { ...visitor, publicUrl: this.app.origin });
    } catch (error) {
      throw error instanceof SsoRefused ? problemOf(error) : error;
    }
  }

  private async connection(id: string): Promise<SamlConnection> {
    const connection = await this.connections.find(id);
    if (connection === undefined) throw new Problem('not_found');
    return connection;
  }
}
