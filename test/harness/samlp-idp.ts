import { createPublicKey } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import samlp from 'samlp';
import { RealProvider } from './real-idp.js';

const PERSON = {
  id: 'samlp-person-1',
  emails: [{ value: 'ada@samlp.example' }],
  displayName: 'Ada Samlp',
  name: { givenName: 'Ada', familyName: 'Samlp' },
};
/** What the provider sends about its user, in place of the profile that samlp sends by default. */
export interface SamlProfile {
  readonly nameIdFormat: string;
  /** The values by the name of the attribute. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

const SESSION = '_samlp-session-1';

interface Participant {
  serviceProviderId: string;
  nameId: string;
  nameIdFormat: string;
  sessionIndex: string;
  serviceProviderLogoutURL: string;
  cert: string;
}

/** The identity provider of the `samlp` package. */
export class SamlpProvider extends RealProvider {
  profile?: SamlProfile;
  private readonly stored = new Map<string, unknown>();
  private participants: Participant[] = [];

  protected override routes(): void {
    this.app.get('/sso', (request, response, next) => samlp.auth(this.signOn())(request, response, next));
    this.app.all('/logout', (request, response, next) => {
      request.body ??= {}; // samlp expects the body of Express 4
      samlp.logout(this.signOff())(request, response, next);
    });
    this.app.use(
      (error: Error, _request: Request, response: Response, _next: NextFunction) =>
        void response.status(400).send(error.message),
    );
  }

  override logoutFromThere(): string {
    return `${this.url}/logout`;
  }

  private signOn(): Record<string, unknown> {
    const { signResponse, encrypt, wantSigned } = this.behaviour;
    this.participants = [
      {
        serviceProviderId: this.us.entityId,
        nameId: PERSON.id,
        nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
        sessionIndex: SESSION,
        serviceProviderLogoutURL: this.us.logoutUrl,
        cert: this.us.signing[0]!,
      },
    ];
    return {
      issuer: this.entityId,
      cert: this.key.certificate,
      key: this.key.privateKey,
      deflate: true,
      signResponse,
      signatureAlgorithm: 'rsa-sha256',
      digestAlgorithm: 'sha256',
      sessionIndex: SESSION,
      lifetimeInSeconds: 300,
      recipient: this.us.acsUrl,
      destination: this.us.acsUrl,
      getUserFromRequest: () => PERSON,
      ...(this.profile && { profileMapper: () => mapperOf(this.profile!) }),
      getPostURL: (_audience: string, _dom: unknown, _request: unknown, done: (error: null, url: string) => void) =>
        done(null, this.us.acsUrl),
      ...(wantSigned && { signingCert: this.us.signing[0] }),
      ...(encrypt && {
        encryptionCert: this.us.encryption,
        encryptionPublicKey: createPublicKey(this.us.encryption!).export({ type: 'spki', format: 'pem' }),
        encryptionAlgorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
      }),
    };
  }

  private signOff(): Record<string, unknown> {
    const match =
      (issuer: string | undefined, sessions: string | string[] | undefined, name: string) =>
      (one: Participant): boolean =>
        (!issuer || one.serviceProviderId === issuer) &&
        [sessions].flat().includes(one.sessionIndex) &&
        one.nameId === name;
    type Done = (error: null, value?: unknown) => void;
    return {
      issuer: this.entityId,
      cert: this.key.certificate,
      key: this.key.privateKey,
      deflate: true,
      signatureAlgorithm: 'rsa-sha256',
      digestAlgorithm: 'sha256',
      protocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
      sessionParticipants: {
        hasElements: () => this.participants.length > 0,
        getFirst: (done: Done) => done(null, this.participants[0]),
        get: (issuer: string, sessions: string[], name: string, done: Done) =>
          done(null, this.participants.find(match(issuer, sessions, name))),
        remove: (issuer: string, session: string, name: string, done: Done) => {
          this.participants = this.participants.filter((one) => !match(issuer, session, name)(one));
          done(null);
        },
      },
      store: {
        save: (_request: Request, value: unknown, done: Done) => {
          const id = `state-${this.stored.size}`;
          this.stored.set(id, value);
          done(null, id);
        },
        load: (_request: Request, id: string, ...rest: unknown[]) => (rest.at(-1) as Done)(null, this.stored.get(id)),
        update: (_request: Request, id: string, value: unknown, done: Done) => {
          this.stored.set(id, value);
          done(null);
        },
      },
    };
  }
}

/** Returns the object by which samlp reads the user. */
function mapperOf({ nameIdFormat, attributes }: SamlProfile) {
  return {
    getClaims: () => attributes,
    getNameIdentifier: () => ({ nameIdentifier: PERSON.id, nameIdentifierFormat: nameIdFormat }),
  };
}
