import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { identityProviders } from '../../scripts/services/identity-providers.mjs';
import { ProviderProgram } from './provider-program.js';
import { newSigningKey, type SigningKey } from './saml-idp.js';

const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';

/** The accounts, as `name:password` with their attributes. */
const USERS = Object.fromEntries(
  ['ada', 'grace'].map((name) => [
    `${name}:secret`,
    { uid: [name], mail: [`${name}@simplesaml.example`], displayName: [`Synthetic ${name}`], groups: ['mentors'] },
  ]),
);

/** Settings of the identity provider, by their names in `saml20-idp-hosted.php`. */
export type SimpleSamlSettings = Record<string, boolean | string | readonly string[]>;

/** SimpleSAMLphp of the distribution as a SAML identity provider. PHP reads its settings again at every request. */
export class SimpleSamlPhp {
  private keys: Record<string, string> = {};

  private constructor(
    private readonly program: ProviderProgram,
    readonly version: string,
  ) {}

  static async start(): Promise<SimpleSamlPhp> {
    const { tree, env, php } = await identityProviders();
    const [command, args] = php;
    const code = path.join(tree, 'usr/share/simplesamlphp');
    const [, version = ''] = /VERSION = '([^']+)'/.exec(
      await readFile(path.join(code, 'lib/SimpleSAML/Configuration.php'), 'utf8'),
    )!;
    const program = await ProviderProgram.create('simplesamlphp', ['config', 'metadata', 'cert', 'sessions', 'tmp']);
    const provider = new SimpleSamlPhp(program, version);
    await provider.writeConfig();
    await provider.useKey(await newSigningKey());
    await program.start(
      command,
      [...args, '-S', `127.0.0.1:${program.port}`, '-t', path.join(code, 'www')],
      { ...env, SIMPLESAMLPHP_CONFIG_DIR: program.file('config') },
      '/saml2/idp/metadata.php',
    );
    return provider;
  }

  get url(): string {
    return this.program.url;
  }

  get entityId(): string {
    return `${this.url}/saml2/idp/metadata.php`;
  }

  /** The values that a user types into the sign-in form. */
  static credentials(name: 'ada' | 'grace'): Record<string, string> {
    return { username: name, password: 'secret' };
  }

  /** The URL at which the provider ends the session of the browser that opens it. */
  get logoutUrl(): string {
    return `${this.url}/saml2/idp/initSLO.php?RelayState=${encodeURIComponent(`${this.url}/logout.php`)}`;
  }

  log(): Promise<string> {
    return this.program.log();
  }

  stop(): Promise<void> {
    return this.program.remove();
  }

  /** Reads the service provider's metadata from this URL at every request. */
  async trust(metadataUrl: string): Promise<void> {
    await this.writeConfig([{ type: 'xml', file: metadataUrl }]);
  }

  /** Trusts metadata that the administrator of the provider has edited. */
  async trustEdited(metadata: string): Promise<void> {
    await this.program.write('metadata/sp.xml', metadata);
    await this.trust(this.program.file('metadata/sp.xml'));
  }

  /** Signs with `key`. During a rollover, the metadata also has the certificate of `next`. */
  async useKey(key: SigningKey, next?: SigningKey): Promise<void> {
    this.keys = {};
    for (const [prefix, one] of Object.entries({ '': key, new_: next })) {
      if (one === undefined) continue;
      await this.program.write(`cert/${prefix}idp.pem`, one.privateKey);
      await this.program.write(`cert/${prefix}idp.crt`, one.certificate);
      this.keys[`${prefix}privatekey`] = `${prefix}idp.pem`;
      this.keys[`${prefix}certificate`] = `${prefix}idp.crt`;
    }
    await this.configure({});
  }

  /** Sets the settings of the identity provider. Settings that are not given have their defaults. */
  async configure(settings: SimpleSamlSettings): Promise<void> {
    await this.writePhp('metadata/saml20-idp-hosted', 'metadata', {
      [this.entityId]: {
        host: '__DEFAULT__',
        auth: 'users',
        ...this.keys,
        NameIDFormat: PERSISTENT,
        'userid.attribute': 'uid',
        SingleSignOnServiceBinding: [REDIRECT, POST],
        SingleLogoutServiceBinding: [REDIRECT, POST],
        'sign.logout': true,
        ...settings,
      },
    });
  }

  private async writeConfig(serviceProviders: readonly object[] = []): Promise<void> {
    const { program } = this;
    await this.writePhp('config/authsources', 'config', { users: { 0: 'exampleauth:UserPass', ...USERS } });
    await this.writePhp('config/config', 'config', {
      baseurlpath: `${program.url}/`,
      certdir: program.file('cert/'),
      loggingdir: program.file('tmp/'),
      datadir: program.file('tmp/'),
      tempdir: program.file('tmp/'),
      metadatadir: program.file('metadata/'),
      secretsalt: 'synthetic-salt-of-a-test',
      'auth.adminpassword': 'synthetic-password-of-a-test',
      'enable.saml20-idp': true,
      'module.enable': { exampleauth: true, core: true, saml: true },
      'logging.handler': 'errorlog',
      'logging.level': 4,
      'session.cookie.secure': false, // the provider is on HTTP
      'session.cookie.samesite': 'Lax',
      'session.phpsession.savepath': program.file('sessions'),
      'language.cookie.secure': false,
      'store.type': 'phpsession',
      'metadata.sources': [{ type: 'flatfile' }, ...serviceProviders],
    });
  }

  /** Writes a settings file, which assigns `value` to the PHP variable `variable`. */
  private async writePhp(name: string, variable: string, value: object): Promise<void> {
    await this.program.write(`${name}.json`, JSON.stringify(value));
    const json = `${path.basename(name)}.json`;
    await this.program.write(
      `${name}.php`,
      `<?php $${variable} = json_decode(file_get_contents(__DIR__ . '/${json}'), true);\n`,
    );
  }
}
