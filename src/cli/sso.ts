import type { Command } from 'commander';
import { DomainChecks, DomainsService } from '../modules/auth/domains/index.js';
import { SsoSetupService } from '../modules/auth/sso/index.js';
import { operate } from './operator.js';
import { checkCommands } from './sso-check.js';
import { connectCommands } from './sso-connect.js';
import { identityCommands } from './sso-identities.js';

interface DomainOptions {
  org: string;
  domain: string;
  json?: boolean;
}

/** `sso …`. */
export function ssoCommands(program: Command): void {
  const sso = program.command('sso').description('single sign-on');
  connectCommands(sso);
  listCommand(sso);
  checkCommands(sso);
  identityCommands(sso);
  domainCommand(sso);
}

function listCommand(sso: Command): void {
  sso
    .command('list')
    .description('list the connections of an organization')
    .requiredOption('--org <id>', 'id of the organization')
    .option('--json', 'print one JSON object')
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
}

function domainCommand(sso: Command): void {
  sso
    .command('verify-domain')
    .description("verify an organization's mail domain by DNS, and register the domain if it is new")
    .requiredOption('--org <id>', 'id of the organization')
    .requiredOption('--domain <name>', 'domain of the e-mail addresses')
    .option('--json', 'print one JSON object')
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
