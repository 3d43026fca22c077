import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CreateSsoConnectionDto } from '../modules/auth/sso/index.js';
import { lineArgument } from './arguments.js';

/** The values of the options of a command. */
export type OptionValues = Record<string, unknown>;
type Setting = keyof CreateSsoConnectionDto;
type Rule = Record<string, string>;

/** An option that sets one setting of a connection. */
interface SettingOption {
  readonly flags: string;
  readonly description: string;
  readonly setting: Setting;
  readonly parse?: (value: string) => unknown;
  /** Whether the option can be repeated. The setting is then a list. */
  readonly repeatable?: boolean;
}

/** The settings of every connection. Names and meanings are those of the API; see `POST /v1/sso/connections`. */
const COMMON: readonly SettingOption[] = [
  {
    flags: '--subject <kind>',
    description: 'what identifies a user: name-id, sub, or entra-object',
    setting: 'subject',
  },
  {
    flags: '--email-attribute <name>',
    description: 'attribute or claim with the e-mail address',
    setting: 'emailAttribute',
  },
  { flags: '--name-attribute <name>', description: 'attribute or claim with the full name', setting: 'nameAttribute' },
  { flags: '--group-attribute <name>', description: 'attribute or claim with the groups', setting: 'groupAttribute' },
  {
    flags: '--group-role <group=role>',
    description: 'role of a group; repeatable, the first match applies',
    setting: 'groupRoles',
    parse: (text) => pair(text, 'group', 'role'),
    repeatable: true,
  },
  {
    flags: '--attribute-role <attribute=value=role>',
    description: 'role of an attribute value, if no group matches; repeatable',
    setting: 'attributeRoles',
    parse: attributeRole,
    repeatable: true,
  },
  {
    flags: '--default-role <role>',
    description: 'role of a user without a matching rule; without it, the sign-in of such a user is rejected',
    setting: 'defaultRole',
  },
  {
    flags: '--provisioning <on|off>',
    description: 'whether an unknown user becomes a member at the first sign-in',
    setting: 'jitProvisioning',
    parse: isOn,
  },
  {
    flags: '--shared <on|off>',
    description: 'whether other organizations of the institution may use the connection',
    setting: 'shared',
    parse: isOn,
  },
  {
    flags: '--force-authn <on|off>',
    description: 'whether the provider asks for credentials at every sign-in',
    setting: 'forceAuthn',
    parse: isOn,
  },
  {
    flags: '--clock-skew <seconds>',
    description: 'greatest difference between the clocks, 60 to 180',
    setting: 'clockSkewSeconds',
    parse: Number,
  },
  { flags: '--enabled <on|off>', description: 'whether users can sign in', setting: 'enabled', parse: isOn },
];

/** The settings of SAML connections, in addition to the metadata. */
const SAML: readonly SettingOption[] = [
  {
    flags: '--entity-id <id>',
    description: 'entity id of the identity provider; required if the metadata describes several',
    setting: 'idpEntityId',
  },
  { flags: '--sso-url <URL>', description: 'sign-in URL of the provider, without metadata', setting: 'idpSsoUrl' },
  { flags: '--slo-url <URL>', description: 'logout URL of the provider, without metadata', setting: 'idpSloUrl' },
  {
    flags: '--certificate <file>',
    description: 'signing certificate of the provider in PEM, without metadata; repeatable',
    setting: 'idpCertificates',
    parse: (file) => readFileSync(file, 'utf8'),
    repeatable: true,
  },
  {
    flags: '--want-response-signed <on|off>',
    description: 'whether the response itself must be signed',
    setting: 'wantResponseSigned',
    parse: isOn,
  },
  {
    flags: '--want-assertion-signed <on|off>',
    description: 'whether the assertion itself must be signed, also inside a signed response',
    setting: 'wantAssertionSigned',
    parse: isOn,
  },
  {
    flags: '--want-encrypted <on|off>',
    description: 'whether assertions must be encrypted',
    setting: 'wantAssertionEncrypted',
    parse: isOn,
  },
  {
    flags: '--sign-requests <on|off>',
    description: 'whether sign-in requests are signed',
    setting: 'signRequests',
    parse: isOn,
  },
  {
    flags: '--idp-initiated <on|off>',
    description: 'whether a response without a request is accepted',
    setting: 'idpInitiated',
    parse: isOn,
  },
  {
    flags: '--scope-of-idp <domain>',
    description: 'domain that scoped attributes may have; repeatable, replaces those of the metadata',
    setting: 'idpScopes',
    repeatable: true,
  },
];

/** The settings of OpenID Connect connections. */
const OIDC: readonly SettingOption[] = [
  { flags: '--issuer <URL>', description: 'issuer of the provider', setting: 'issuer' },
  { flags: '--client-id <id>', description: 'client id at the provider', setting: 'clientId' },
  {
    flags: '--tenant <id>',
    description: 'allowed tenant (Entra ID) or hosted domain (Google); repeatable',
    setting: 'tenants',
    repeatable: true,
  },
  {
    flags: '--scope <scope>',
    description: 'scope in addition to openid, email, and profile; repeatable',
    setting: 'scopes',
    repeatable: true,
  },
  {
    flags: '--frontchannel-by-subject <on|off>',
    description: 'whether a front-channel logout may name the subject as its sid, as LemonLDAP::NG does',
    setting: 'frontchannelBySubject',
    parse: isOn,
  },
];

const OPTIONS = { saml: [...SAML, ...COMMON], oidc: [...OIDC, ...COMMON] } as const;

/** Adds the options of a protocol to a command. */
export function addSettings(command: Command, protocol: 'saml' | 'oidc'): Command {
  for (const { flags, description, parse = (value: string): unknown => value, repeatable } of OPTIONS[protocol]) {
    const option = new Option(flags, description);
    option.argParser((value: string, earlier: unknown) =>
      repeatable ? [...((earlier as unknown[] | undefined) ?? []), parse(value)] : parse(value),
    );
    command.addOption(option);
  }
  return command.option('--name <name>', 'name of the connection', lineArgument);
}

/** Returns the settings that the options of a command contain, in the form of the API. */
export function settingsIn(values: OptionValues, protocol: 'saml' | 'oidc'): Partial<CreateSsoConnectionDto> {
  const found = OPTIONS[protocol].flatMap(({ flags, setting }) => {
    const value = values[new Option(flags).attributeName()];
    return value === undefined ? [] : [[setting, value] as const];
  });
  return Object.fromEntries(found);
}

function isOn(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('It must be on or off.');
  return text === 'on';
}

/** Splits at the last '=', because the name of a group may contain '=' and a role may not. */
function pair(text: string, first: string, second: string): Rule {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError(`It must be ${first}=${second}.`);
  return { [first]: text.slice(0, at), [second]: text.slice(at + 1) };
}

function attributeRole(text: string): Rule {
  const { rest = '', role = '' } = pair(text, 'rest', 'role');
  return { ...pair(rest, 'attribute', 'value'), role };
}
