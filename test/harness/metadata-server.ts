import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { SigningKey } from './saml-idp.js';

/** A local server that publishes metadata of a provider. A test can change it at any time. */
export class MetadataServer {
  status = 200;
  body = '';
  /** Called before each response. */
  asked: () => Promise<void> = async () => undefined;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<MetadataServer> {
    const server = createServer((_request, response) => {
      void published.asked().finally(() => response.writeHead(published.status).end(published.body));
    });
    const published = new MetadataServer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return published;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/metadata`;
  }

  /** Publishes metadata of an entity with these keys. */
  publish(entityId: string, ...keys: SigningKey[]): void {
    this.status = 200;
    this.body = metadataOf(entityId, keys);
  }

  async stop(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Returns the metadata file of an identity provider (saml-metadata-2.0-os). */
export function metadataOf(entityId: string, keys: readonly SigningKey[]): string {
  const descriptors = keys.map(
    ({ certificate }) =>
      '<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data>' +
      `<ds:X509Certificate>${certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')}</ds:X509Certificate></ds:X509Data>` +
      '</ds:KeyInfo></KeyDescriptor>',
  );
  return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
    entityID="${entityId}">
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${descriptors.join('')}
      <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        Location="https://idp.test.example/sso"/></IDPSSODescriptor></EntityDescriptor>`;
}
