import type { Command } from 'commander';
import { AccessGrantsService } from '../modules/access-grants/index.js';
import { PasswordsService } from '../modules/auth/passwords/index.js';
import type { Scope } from '../platform/feature/roles.js';
import { emailArgument, lineArgument } from './arguments.js';
import { operate, readSecret } from './operator.js';

interface SupportOptions {
  org: string;
  email: string;
  name?: string;
  grant: string[];
  reason: string;
  minutes: string;
  passwordStdin?: boolean;
  json?: boolean;
}

/** `support request`. */
export function supportCommands(program: Command): void {
  program
    .command('support')
    .description('support access')
    .command('request')
    .description('request an access grant from an organization; a member must approve it')
    .requiredOption('--org <id>')
    .requiredOption('--email <email>', 'e-mail address of the support user', emailArgument)
    .requiredOption('--grant <permission...>', 'requested permission, or permission=scope')
    .requiredOption('--reason <text>')
    .requiredOption('--minutes <n>')
    .option('--name <name>', 'full name; default: the e-mail address', lineArgument)
    .option(
      '--password-stdin',
      'read an initial password from standard input; the user must change it at first sign-in',
    )
    .option('--json')
    .action(async (options: SupportOptions) => {
      const password = options.passwordStdin ? await readSecret() : undefined;
      await operate(options, (operator) =>
        operator.within(options.org, async () => {
          const { id, membershipId, userId } = await operator.app.get(AccessGrantsService).requestSupport({
            email: options.email,
            name: options.name ?? options.email,
            grants: options.grant.map(parseGrant),
            reason: options.reason,
            minutes: Number(options.minutes),
          });
          if (password !== undefined) await operator.app.get(PasswordsService).setPassword(userId, password, true);
          return { id, membershipId };
        }),
      );
    });
}

function parseGrant(text: string): { permission: string; scope: Scope } {
  const [permission = '', scope = 'org'] = text.split('=');
  return { permission, scope: scope as Scope };
}
