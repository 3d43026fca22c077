import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { DomainChecks, DomainsService } from '../modules/auth/domains/index.js';
import { metadataText } from '../modules/auth/saml/index.js';
import { SsoSetupService } from '../modules/auth/sso/index.js';
import { lineArgument } from './arguments.js';
import { operate, readSecret } from './operator.js';
import { identityCommands } from './sso-identities.js';

interface AddSamlOptions {
  org: string;
  metadata: string;
  entityId?: string;
  name: string;
  groupRole: string[];
  defaultRole?: string;
  json?: boolean;
}
interface AddOidcOptions {
  org: string;
  issuer: string;
  clientId: string;
  clientSecretStdin?: boolean;
  tenant: string[];
  name: string;
  groupRole: string[];
  defaultRole?: string;
  json?: boolean;
}
interface DomainOptions {
  org: string;
  domain: string;
  json?: boolean;
}

/** `sso …`. */
export function ssoCommands(program: Command): void {
  const sso = program.command('sso').description('single sign-on');
  addSaml(sso);
  addOidc(sso);
  identityCommands(sso);
  sso
    .command('list')
    .description('list the connections of an organization')
    .requiredOption('--org <id>')
    .option('--json')
    .action((options: { org: string; json?: boolean }) =>
      operate(options, (operator) =>
        operator.within(options.org, async () => {
          const { items } = await operator.app.get(SsoSetupService).list();
          return {
            connections: items.map((connection) => {
              const { id, name, protocol, enabled, testedAt, loginUrl, metadataError, metadataWarnings } = connection;
              return { id, name, protocol, enabled, testedAt, loginUrl, metadataError, metadataWarnings };
            }),
          };
        }),
      ),
    );
  sso
    .command('verify-domain')
    .description("verify an organization's mail domain by DNS, and register the domain if it is new")
    .requiredOption('--org <id>')
    .requiredOption('--domain <name>')
    .option('--json')
    .action((options: DomainOptions) =>
      operate(options, async (operator) => {
        const domain = await operator.within(options.org, () =>
          operator.app.get(DomainsService).findOrAdd(options.domain),
        );
        const after = await operator.as(options.org, () => operator.app.get(DomainChecks).check(domain.id));
        return {
          id: domain.id,
          domain: domain.domain,
          record: domain.record,
          verified: (after?.verifiedAt ?? null) !== null,
          problem: after?.problem ?? null,
        };
      }),
    );
}

function addSaml(sso: Command): void {
  sso
    .command('add-saml')
    .description('connect a SAML identity provider')
    .requiredOption('--org <id>')
    .requiredOption('--metadata <file or URL>', 'metadata of the identity provider; a URL is read again every day')
    .option('--entity-id <id>', 'entity id of the identity provider, if the metadata describes several')
    .option('--name <name>', 'name of the connection', lineArgument, 'SAML')
    .option(
      '--group-role <group=role>',
      'role of a group; repeatable, the first match applies',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--default-role <role>', 'role of a user without a matching group')
    .option('--json')
    .action(async (options: AddSamlOptions) => {
      const source = /^https?:/.test(options.metadata)
        ? { metadataUrl: options.metadata }
        : { metadata: await metadataText(await readFile(options.metadata)) };
      const groupRoles = options.groupRole.map(parseGroupRole);
      await operate(options, (operator) =>
        operator.within(options.org, async () => {
          const { name, defaultRole, entityId: idpEntityId } = options;
          const connection = await operator.app
            .get(SsoSetupService)
            .create({ name, ...source, idpEntityId, groupRoles, ...(defaultRole && { defaultRole }) });
          const { id, entityId, acsUrl, loginUrl, metadataUrl, metadataWarnings } = connection;
          return { id, entityId, acsUrl, loginUrl, metadataUrl, metadataWarnings };
        }),
      );
    });
}

function addOidc(sso: Command): void {
  const collect = (value: string, all: string[]) => [...all, value];
  sso
    .command('add-oidc')
    .description('connect an OpenID provider')
    .requiredOption('--org <id>')
    .requiredOption('--issuer <URL>', 'issuer of the provider')
    .requiredOption('--client-id <id>', 'client id at the provider')
    .option('--client-secret-stdin', 'read the client secret from standard input; without it, PKCE only')
    .option('--tenant <id>', 'allowed tenant (Entra ID) or hosted domain (Google); repeatable', collect, [])
    .option('--name <name>', 'name of the connection', lineArgument, 'OpenID Connect')
    .option('--group-role <group=role>', 'role of a group; repeatable, the first match applies', collect, [])
    .option('--default-role <role>', 'role of a user without a matching group')
    .option('--json')
    .action(async ({ org, issuer, clientId, name, tenant: tenants, defaultRole, ...options }: AddOidcOptions) => {
      const clientSecret = options.clientSecretStdin === true ? await readSecret() : undefined;
      const groupRoles = options.groupRole.map(parseGroupRole);
      await operate(options, (operator) =>
        operator.within(org, async () => {
          const settings = {
            name,
            protocol: 'oidc' as const,
            issuer,
            clientId,
            tenants,
            groupRoles,
            ...(clientSecret && { clientSecret }),
            ...(defaultRole && { defaultRole }),
          };
          const { id, loginUrl, callbackUrl, backchannelLogoutUrl } = await operator.app
            .get(SsoSetupService)
            .create(settings);
          return { id, loginUrl, callbackUrl, backchannelLogoutUrl };
        }),
      );
    });
}

/** Splits at the last '=', because the name of a group may contain '=' and a role may not. */
function parseGroupRole(text: string): { group: string; role: string } {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new Error(`--group-role must be group=role, not "${text}"`);
  return { group: text.slice(0, at), role: text.slice(at + 1) };
}
