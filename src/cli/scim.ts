import type { Command } from 'commander';
import { ScimTokensService } from '../modules/auth/scim/index.js';
import { SsoRepository } from '../modules/auth/sso/index.js';
import { SYSTEM_ORG_ID } from '../platform/clock/id.js';
import { operate } from './operator.js';

interface TokenOptions {
  connection: string;
  days: string;
  json?: boolean;
}

/** `scim token`. */
export function scimCommands(program: Command): void {
  program
    .command('scim')
    .description('SCIM provisioning')
    .command('token')
    .description('create a token for the SCIM client of a connection')
    .requiredOption('--connection <id>')
    .option('--days <n>', 'days until the token expires, 1 to 365', '365')
    .option('--json')
    .action(async ({ connection, days, ...options }: TokenOptions) => {
      await operate(options, async (operator) => {
        const found = await operator.as(SYSTEM_ORG_ID, () => operator.app.get(SsoRepository).findForSignIn(connection));
        if (found === null) throw new Error('no enabled connection with this id exists in an active organization');
        return operator.within(found.connection.orgId, async () => {
          const { token, baseUrl } = await operator.app
            .get(ScimTokensService)
            .create(connection, { expiresInDays: Number(days) });
          return { token, baseUrl };
        });
      });
    });
}
