import { createHash, createPublicKey } from 'node:crypto';
import { readFile, rm, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { identityProviders, type IdentityProviders } from '../../scripts/services/identity-providers.mjs';
import { ProviderProgram } from './provider-program.js';
import { newSigningKey, type SigningKey } from './saml-idp.js';

const BASIC = 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic';
const FOLDERS = ['conf', 'sessions/lock', 'psessions/lock', 'cache'];

/** The portal always loads a captcha module. The default one needs an image library, so this one has no function. */
const PORTAL = `
package NoCaptcha;
BEGIN { $INC{'NoCaptcha.pm'} = 1 }
use Mouse;
extends 'Lemonldap::NG::Portal::Main::Plugin';
sub init { 1 }
package main;
use Lemonldap::NG::Portal::Main;
Lemonldap::NG::Portal::Main->run({});
`;

/** Settings by their names in LemonLDAP::NG's configuration. */
export type LemonSettings = Record<string, unknown>;

/** A client of the OpenID provider, with its settings by the names after `oidcRPMetaDataOptions`. */
export interface LemonClient {
  readonly id: string;
  readonly secret: string;
  readonly settings: LemonSettings;
}

/** A service provider, with its settings by the names after `samlSPMetaDataOptions`. */
export interface LemonServiceProvider {
  readonly metadata: string;
  readonly settings?: LemonSettings;
}

/**
 * The portal of LemonLDAP::NG of the distribution, as a SAML identity provider and an OpenID provider. It has the
 * accounts of its demonstration module.
 */
export class LemonLdap {
  private key!: SigningKey;

  private constructor(
    private readonly program: ProviderProgram,
    private readonly providers: IdentityProviders,
    readonly version: string,
  ) {}

  static async start(): Promise<LemonLdap> {
    const providers = await identityProviders();
    const portal = await readFile(path.join(providers.tree, 'usr/share/perl5/Lemonldap/NG/Portal.pm'), 'utf8');
    const [, version = ''] = /VERSION = '([^']+)'/.exec(portal)!;
    const provider = new LemonLdap(await ProviderProgram.create('lemonldap', FOLDERS), providers, version);
    await provider.program.write('lemonldap-ng.ini', provider.ini());
    await provider.program.write('portal.psgi', PORTAL);
    provider.key = await newSigningKey();
    await provider.configure({});
    return provider;
  }

  get url(): string {
    return this.program.url;
  }

  /** The issuer of the OpenID provider. */
  get issuer(): string {
    return `${this.url}/`;
  }

  /** The URL of the SAML metadata, which is the entity id too. */
  get entityId(): string {
    return `${this.url}/saml/metadata`;
  }

  /** The URL at which the provider ends the session of the browser that opens it. */
  get logoutUrl(): string {
    return `${this.url}/?logout=1`;
  }

  /** The values that a user types into the sign-in form. */
  static credentials(name: 'dwho' | 'rtyler' | 'msmith'): Record<string, string> {
    return { user: name, password: name };
  }

  log(): Promise<string> {
    return this.program.log();
  }

  stop(): Promise<void> {
    return this.program.remove();
  }

  /** Signs with this key after the next change of the configuration. */
  useKey(key: SigningKey): void {
    this.key = key;
  }

  /** Registers the clients of the OpenID provider. */
  serve(...clients: readonly LemonClient[]): Promise<void> {
    const each = (value: (client: LemonClient) => unknown): LemonSettings =>
      Object.fromEntries(clients.map((client) => [client.id, value(client)]));
    return this.configure({
      issuerDBOpenIDConnectActivation: 1,
      oidcServicePrivateKeySig: this.key.privateKey,
      oidcServicePublicKeySig: createPublicKey(this.key.certificate).export({ type: 'spki', format: 'pem' }),
      oidcServiceKeyIdSig: createHash('sha256').update(this.key.certificate).digest('hex'),
      oidcRPMetaDataExportedVars: each(() => ({
        email: 'mail',
        name: 'cn',
        preferred_username: 'uid',
        groups: 'groups;string;always',
      })),
      oidcRPMetaDataOptionsExtraClaims: each(() => ({ groups: 'groups' })),
      oidcRPMetaDataOptions: each(({ id, secret, settings }) =>
        prefixed('oidcRPMetaDataOptions', {
          ClientID: id,
          ClientSecret: secret,
          BypassConsent: 1,
          IDTokenSignAlg: 'RS256',
          ...settings,
        }),
      ),
    });
  }

  /** Registers the service providers of the SAML identity provider. */
  trust(serviceProviders: readonly LemonServiceProvider[], settings: LemonSettings = {}): Promise<void> {
    const each = (value: (one: LemonServiceProvider) => unknown): LemonSettings =>
      Object.fromEntries(serviceProviders.map((one, index) => [`sp-${index}`, value(one)]));
    const attribute = (name: string): string => `1;${name};${BASIC};`;
    return this.configure({
      issuerDBSAMLActivation: 1,
      samlServicePrivateKeySig: this.key.privateKey,
      samlServicePublicKeySig: this.key.certificate,
      samlSPMetaDataXML: each(({ metadata }) => ({ samlSPMetaDataXML: metadata })),
      samlSPMetaDataExportedAttributes: each(() => ({ mail: attribute('mail'), cn: attribute('displayName') })),
      samlSPMetaDataOptions: each((one) =>
        prefixed('samlSPMetaDataOptions', {
          CheckSSOMessageSignature: 0,
          CheckSLOMessageSignature: 1,
          NameIDFormat: 'persistent',
          ...one.settings,
        }),
      ),
      ...settings,
    });
  }

  /** Restarts the portal with these settings in addition to the basic ones. */
  private async configure(settings: LemonSettings): Promise<void> {
    const { program, providers } = this;
    await program.stop();
    await rm(program.file('cache'), { recursive: true, force: true });
    await mkdir(program.file('cache'));
    await program.write('conf/lmConf-1.json', JSON.stringify({ ...this.basics(), ...settings }));
    const starman = ['-s', 'Starman', '--workers', '2', '--disable-keepalive', '--listen', `127.0.0.1:${program.port}`];
    await program.start(
      'perl',
      [path.join(providers.tree, 'usr/bin/plackup'), ...starman, program.file('portal.psgi')],
      { ...providers.env, LLNG_DEFAULTCONFFILE: program.file('lemonldap-ng.ini') },
      '/',
    );
  }

  private basics(): LemonSettings {
    const sessions = (folder: string): LemonSettings => ({
      Directory: this.program.file(folder),
      LockDirectory: this.program.file(`${folder}/lock`),
      generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
    });
    return {
      cfgNum: 1,
      cfgDate: Math.floor(Date.now() / 1000),
      cfgVersion: this.version,
      portal: `${this.url}/`,
      domain: '127.0.0.1',
      key: 'synthetic-key-of-a-test',
      cookieName: 'lemonldap',
      securedCookie: 0,
      authentication: 'Demo',
      userDB: 'Same',
      passwordDB: 'Null',
      registerDB: 'Null',
      demoExportedVars: { uid: 'uid', cn: 'cn', mail: 'mail' },
      whatToTrace: 'uid',
      globalStorage: 'Apache::Session::File',
      globalStorageOptions: sessions('sessions'),
      persistentStorage: 'Apache::Session::File',
      persistentStorageOptions: sessions('psessions'),
      captcha: 'NoCaptcha',
      locationRules: {},
      exportedHeaders: {},
    };
  }

  private ini(): string {
    const { program } = this;
    const cache = (name: string): string =>
      `{ 'namespace' => '${name}', 'default_expires_in' => 600, 'cache_root' => '${program.file('cache')}', ` +
      `'cache_depth' => 3 }`;
    return [
      '[all]',
      'logger = Lemonldap::NG::Common::Logger::Std',
      'logLevel = warn',
      'checkTime = 1',
      `localSessionStorage = Cache::FileCache`,
      `localSessionStorageOptions = ${cache('sessions')}`,
      '[configuration]',
      'type = File',
      `dirName = ${program.file('conf')}`,
      'localStorage = Cache::FileCache',
      `localStorageOptions = ${cache('config')}`,
      '[portal]',
      'staticPrefix = /static',
      `templateDir = ${path.join(this.providers.tree, 'usr/share/lemonldap-ng/portal/templates')}`,
      'languages = en',
      '',
    ].join('\n');
  }
}

const prefixed = (prefix: string, settings: LemonSettings): LemonSettings =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [prefix + name, value]));
