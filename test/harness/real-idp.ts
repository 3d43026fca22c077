import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { newSigningKey, type SigningKey } from './saml-idp.js';

/** The settings of a provider; tests change them between two sign-ins. */
export interface ProviderBehaviour {
  signResponse: boolean;
  encrypt: boolean;
  /** Whether the provider rejects requests without a signature of the service provider. */
  wantSigned: boolean;
}

/** The service provider, as the identity provider reads it from the metadata. */
export interface ReadServiceProvider {
  readonly metadata: string;
  readonly entityId: string;
  readonly acsUrl: string;
  readonly logoutUrl: string;
  readonly signing: string[];
  readonly encryption?: string;
}

/** An identity provider that uses a third-party SAML library, on the loopback address. */
export abstract class RealProvider {
  protected readonly app: Express = express();
  private server!: Server;
  url = '';
  key!: SigningKey;
  /** The certificates in the metadata. During a rollover, there are more than the one in use. */
  shown: string[] = [];
  behaviour: ProviderBehaviour = { signResponse: false, encrypt: false, wantSigned: false };
  protected us!: ReadServiceProvider;

  get entityId(): string {
    return `${this.url}/metadata`;
  }

  async start(): Promise<this> {
    await this.useKey(await newSigningKey());
    this.app.use(express.urlencoded({ extended: false }));
    this.routes();
    this.server = createServer(this.app);
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  /** Signs with this key from now on. The metadata shows only this key by default. */
  async useKey(key: SigningKey, shown: readonly string[] = [key.certificate]): Promise<void> {
    this.key = key;
    this.shown = [...shown];
  }

  /** Reads the metadata of the service provider, as an administrator would. */
  trust(metadata: string): void {
    const all = (pattern: RegExp): string[] => [...metadata.matchAll(pattern)].map(([, value]) => value!);
    const certificates = (use: string): string[] =>
      all(new RegExp(`KeyDescriptor use="${use}">.*?<ds:X509Certificate>([^<]*)`, 'gs')).map(
        (base64) => `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`,
      );
    this.us = {
      metadata,
      entityId: all(/entityID="([^"]*)"/g)[0]!,
      acsUrl: all(/AssertionConsumerService [^>]*Location="([^"]*)"/g)[0]!,
      logoutUrl: all(/SingleLogoutService [^>]*Location="([^"]*)"/g)[0] ?? '',
      signing: certificates('signing'),
      encryption: certificates('encryption')[0],
    };
  }

  metadata(shown: readonly string[] = this.shown): string {
    const bare = (pem: string): string => pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    const keys = shown
      .map(
        (pem) =>
          '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data>' +
          `<ds:X509Certificate>${bare(pem)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
      )
      .join('');
    const binding = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
    return (
      '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ' +
      `xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${this.entityId}">` +
      `<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys}` +
      `<md:SingleLogoutService Binding="${binding}" Location="${this.url}/logout"/><md:SingleSignOnService ` +
      `Binding="${binding}" Location="${this.url}/sso"/>` +
      `</md:IDPSSODescriptor></md:EntityDescriptor>`
    );
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  protected abstract routes(): void;
  /** Returns the URL at which the browser makes the provider end the user's session. */
  abstract logoutFromThere(): string;
}
