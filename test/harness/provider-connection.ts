import { SamlSetupService } from '../../src/modules/auth/saml/saml-setup.service.js';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import type { Harness } from './app.js';
import { Browser, type PendingForm } from './browser.js';
import type { Answer } from './client.js';

/** The public URL of the application. The browsers open it at the address of the harness. */
export const PUBLIC = 'http://127.0.0.1:3000';

/** The optional settings of a connection. */
export type ConnectionInput = Omit<Parameters<SsoSetupService['create']>[0], 'name'>;

/** A connection of an organization of its own to an identity provider. */
export class ProviderConnection {
  private constructor(
    private readonly harness: Harness,
    readonly org: string,
    readonly id: string,
    readonly protocol: 'saml' | 'oidc',
  ) {}

  static async create(harness: Harness, settings: ConnectionInput): Promise<ProviderConnection> {
    const org = await harness.make.organization('gme');
    const { id } = await harness.operator.within(org, () =>
      harness.operator.app.get(SsoSetupService).create({ name: 'Test', defaultRole: 'mentor', ...settings }),
    );
    return new ProviderConnection(harness, org, id, settings.protocol ?? 'saml');
  }

  /** The public URL of a route of this connection. */
  url(route: string): string {
    return `${PUBLIC}/v1/sso/${this.protocol}/${this.id}/${route}`;
  }

  /** The address of a route for programs, which do not know the public URL. */
  address(route: string): string {
    return this.url(route).replace(PUBLIC, this.harness.url);
  }

  /** A browser of a user who types these values into the provider's pages. */
  browser(typed: Readonly<Record<string, string>>): Browser {
    return new Browser({ [PUBLIC]: this.harness.url }, typed);
  }

  /** Signs in through the provider, and opens the page that shows the user. */
  signIn(user: Browser, query = ''): Promise<Answer & { url: string }> {
    return user.visit(this.url(`login?returnTo=/v1/auth/me${query}`));
  }

  /** Signs in up to the page of the provider that posts its response. */
  async untilResponse(user: Browser): Promise<PendingForm> {
    const { form, url, text } = await user.visit(this.url('login?returnTo=/v1/auth/me'), isResponse);
    if (form === undefined) throw new Error(`the provider sent no response: ${url} ${text.slice(0, 2_000)}`);
    return form;
  }

  update(settings: Parameters<SsoSetupService['update']>[1]): Promise<unknown> {
    return this.within(() => this.harness.operator.app.get(SsoSetupService).update(this.id, settings));
  }

  /** Publishes a second key of the application in its metadata. */
  addKey(): Promise<unknown> {
    return this.within(() => this.harness.operator.app.get(SamlSetupService).addKey(this.id));
  }

  /** Uses the second key only. */
  rotateKey(): Promise<unknown> {
    return this.within(() => this.harness.operator.app.get(SamlSetupService).rotateKey(this.id));
  }

  /** Returns the reasons of the rejected messages, oldest first. */
  async refusals(type = 'auth.sign_in_failed'): Promise<string[]> {
    const rows = await this.harness.database.superuser<{ reason: string }>(
      `SELECT meta ->> 'reason' AS reason FROM audit_events WHERE type = $2 AND org_id = $1 ORDER BY occurred_at, id`,
      [this.org, type],
    );
    return rows.map(({ reason }) => reason);
  }

  private within<T>(fn: () => Promise<T>): Promise<T> {
    return this.harness.operator.within(this.org, fn);
  }
}

/** Returns whether the browser is signed in. */
export async function isSignedIn(user: Browser): Promise<boolean> {
  return (await user.at(PUBLIC).get('/v1/auth/me')).status === 200;
}

/** Returns the addresses of the frames in which a provider's page opens the logout of each application. */
export function framesOf(page: string): string[] {
  return [...page.matchAll(/<iframe[^>]* src="([^"]*)"/g)].map(([, url]) => url!.replaceAll('&amp;', '&'));
}

const isResponse = (form: PendingForm): boolean => 'SAMLResponse' in form.fields;

/** What a SAML response has: the signed elements, the algorithms, and the encrypted elements. */
export interface ResponseShape {
  readonly signed: string;
  readonly method: string | undefined;
  readonly encryption: string | undefined;
}

/** Describes a SAML response by its own elements. An encrypted assertion hides its signature. */
export function shapeOf({ fields }: PendingForm): ResponseShape {
  const xml = Buffer.from(fields['SAMLResponse']!, 'base64').toString();
  const [response, assertion] = xml.split(/(?=<(?:\w+:)?(?:Encrypted)?Assertion[ >])/, 2) as [string, string?];
  const has = (text = ''): boolean => text.includes('SignatureMethod');
  const algorithm = (element: string): string | undefined =>
    new RegExp(`<(?:\\w+:)?${element} Algorithm="[^"#]*#([^"]*)"`).exec(xml)?.[1];
  return {
    signed: [has(response) && 'response', has(assertion) && 'assertion'].filter(Boolean).join(' and '),
    method: algorithm('SignatureMethod'),
    encryption: algorithm('EncryptionMethod'),
  };
}
