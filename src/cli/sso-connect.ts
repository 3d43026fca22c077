import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { metadataText } from '../modules/auth/saml/index.js';
import { CreateSsoConnectionDto, SsoSetupService, UpdateSsoConnectionDto } from '../modules/auth/sso/index.js';
import { validInput } from '../platform/http/validation.js';
import { operate, readSecret } from './operator.js';
import { addSettings, settingsIn, type OptionValues } from './sso-settings.js';

type Connection = Awaited<ReturnType<SsoSetupService['read']>>;
type Target = { org: string; connection: string; json?: boolean } & OptionValues;

/** `sso add-saml`, `add-oidc`, `update-saml`, and `update-oidc`. */
export function connectCommands(sso: Command): void {
  addSettings(
    sso
      .command('add-saml')
      .description('connect a SAML identity provider')
      .requiredOption('--org <id>', 'id of the organization')
      .option('--metadata <file or URL>', 'metadata of the identity provider; a URL is read again every day'),
    'saml',
  )
    .option('--json', 'print one JSON object')
    .action(async (options: Target) =>
      create(options, { name: 'SAML', ...(await samlSettings(options)), protocol: 'saml' }),
    );
  addSettings(
    sso
      .command('add-oidc')
      .description('connect an OpenID provider')
      .requiredOption('--org <id>', 'id of the organization'),
    'oidc',
  )
    .option('--client-secret-stdin', 'read the client secret from standard input; without it, PKCE only')
    .option('--json', 'print one JSON object')
    .action(async (options: Target) =>
      create(options, { name: 'OpenID Connect', ...(await oidcSettings(options)), protocol: 'oidc' }),
    );
  addSettings(
    target(sso.command('update-saml').description('change a SAML connection')).option(
      '--metadata <file or URL>',
      'new metadata of the identity provider',
    ),
    'saml',
  ).action(async (options: Target) => update(options, await samlSettings(options)));
  addSettings(target(sso.command('update-oidc').description('change an OpenID Connect connection')), 'oidc')
    .option('--client-secret-stdin', 'read a new client secret from standard input')
    .action(async (options: Target) => update(options, await oidcSettings(options)));
}

/** Adds the options that select a connection. */
export function target(command: Command): Command {
  return command
    .requiredOption('--org <id>', 'id of the organization')
    .requiredOption('--connection <id>', 'id of the connection; `sso list` shows it')
    .option('--json', 'print one JSON object');
}

async function samlSettings(options: OptionValues) {
  const metadata = options['metadata'] as string | undefined;
  const name = options['name'] as string | undefined;
  return {
    ...(name !== undefined && { name }),
    ...settingsIn(options, 'saml'),
    ...(metadata !== undefined && (await metadataSource(metadata))),
  };
}

async function metadataSource(source: string): Promise<{ metadataUrl: string } | { metadata: string }> {
  if (/^https?:/.test(source)) return { metadataUrl: source };
  return { metadata: await metadataText(await readFile(source)) };
}

async function oidcSettings(options: OptionValues) {
  const name = options['name'] as string | undefined;
  return {
    ...(name !== undefined && { name }),
    ...settingsIn(options, 'oidc'),
    ...(options['clientSecretStdin'] === true && { clientSecret: await readSecret() }),
  };
}

function create({ org, json }: Target, body: object): Promise<void> {
  return operate({ json }, (operator) =>
    operator.within(org, async () => {
      const settings = await validInput(CreateSsoConnectionDto, body);
      return shown(await operator.app.get(SsoSetupService).create(settings));
    }),
  );
}

function update({ org, connection, json }: Target, body: object): Promise<void> {
  return operate({ json }, (operator) =>
    operator.within(org, async () => {
      const settings = await validInput(UpdateSsoConnectionDto, body);
      return shown(await operator.app.get(SsoSetupService).update(connection, settings));
    }),
  );
}

const SHOWN_URLS = {
  saml: ['entityId', 'acsUrl', 'metadataUrl'],
  oidc: ['callbackUrl', 'postLogoutUrl', 'backchannelLogoutUrl', 'frontchannelLogoutUrl'],
} as const;

/** Returns the part of a connection that an administrator enters at the provider, and the warnings. */
function shown(connection: Connection): Record<string, unknown> {
  const { id, name, protocol, loginUrl, metadataError, metadataWarnings } = connection;
  const values = connection as Record<string, unknown>;
  const urls = Object.fromEntries(SHOWN_URLS[protocol].map((url) => [url, values[url]]));
  return { id, name, ...urls, loginUrl, metadataError, metadataWarnings };
}
