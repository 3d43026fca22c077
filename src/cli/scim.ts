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
    .description('provisioning by directories')
    .command('token')
    .description('make a token for the directory of a connection')
    .requiredOption('--connection <id>')
    .option('--days <n>', 'how long it is good for, 1 to 365', '365')
    .option('--json')
    .action(async ({ connection, days, ...options }: TokenOptions) => {
      await operate(options, async (operator) => {
        const found = await operator.as(SYSTEM_ORG_ID, () => operator.app.get(SsoRepository).findForSignIn(connection));
        if (found === null)
          throw new Error('there is no such connection that is enabled, in an organization that is active');
        return operator.within(found.connection.orgId, async () => {
          const { token, baseUrl } = await operator.app
            .get(ScimTokensService)
            .create(connection, { expiresInDays: Number(days) });
          return { token, baseUrl };
        });
      });
    });
}
