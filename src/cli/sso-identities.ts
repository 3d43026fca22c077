import { InvalidArgumentError, Option, type Command } from 'commander';
import { IdentitiesService, IdentityMoves, type MoveRule } from '../modules/auth/sso/index.js';
import { operate } from './operator.js';

interface MemberOptions {
  org: string;
  member: string;
  identity: string;
  allowLockout?: boolean;
  json?: boolean;
}
interface MoveOptions {
  org: string;
  from: string;
  to: string;
  matchBy: MoveRule;
  days: number;
  allowLowerRole?: boolean;
  preview?: boolean;
  json?: boolean;
}

/** `sso identities list`, `remove`, and `move`. */
export function identityCommands(sso: Command): void {
  const identities = sso.command('identities').description('identities of members at identity providers');
  identities
    .command('list')
    .description('list the identities of a member')
    .requiredOption('--org <id>')
    .requiredOption('--member <id>', 'membership id')
    .option('--json')
    .action((options: MemberOptions) =>
      operate(options, (operator) =>
        operator.within(options.org, async () => {
          const { items } = await operator.app.get(IdentitiesService).list(options.member);
          return { identities: items };
        }),
      ),
    );
  identities
    .command('remove')
    .description('remove an identity of a member, and end the sessions that it opened')
    .requiredOption('--org <id>')
    .requiredOption('--member <id>', 'membership id')
    .requiredOption('--identity <id>', 'identity id')
    .option('--allow-lockout', 'remove it even if the member can then no longer sign in')
    .option('--json')
    .action((options: MemberOptions) =>
      operate(options, (operator) =>
        operator.within(options.org, async () => {
          const { member, identity, allowLockout = false } = options;
          await operator.app.get(IdentitiesService).remove(member, identity, allowLockout);
          return { removed: identity };
        }),
      ),
    );
  moveCommand(identities);
}

function moveCommand(identities: Command): void {
  identities
    .command('move')
    .description('let a connection claim the members of another connection at their next sign-in')
    .requiredOption('--org <id>')
    .requiredOption('--from <id>', 'connection that has the identities now')
    .requiredOption('--to <id>', 'connection that replaces it')
    .addOption(
      new Option('--match-by <rule>', 'what the new provider must send').choices(['subject', 'email']).default('email'),
    )
    .option('--days <n>', 'days after which the move ends', parseDays, 30)
    .option('--allow-lower-role', 'also for members who lose a permission')
    .option('--preview', 'change nothing; show what a move would do')
    .option('--json')
    .action((options: MoveOptions) =>
      operate(options, (operator) =>
        operator.within(options.org, async () => {
          const { from: fromConnectionId, to, matchBy, days, allowLowerRole, preview } = options;
          const moves = operator.app.get(IdentityMoves);
          return preview === true
            ? moves.preview(to, { fromConnectionId, matchBy })
            : { ...(await moves.move(to, { fromConnectionId, matchBy, days, allowLowerRole })) };
        }),
      ),
    );
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 90) throw new InvalidArgumentError('It must be 1 to 90.');
  return days;
}
