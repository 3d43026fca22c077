import { Option, type Command } from 'commander';
import { AccountService } from '../modules/auth/index.js';
import { TenancyService } from '../modules/tenancy/index.js';
import { PRESETS, type Preset } from '../platform/access/roles.js';
import { newId } from '../platform/clock/id.js';
import { operate, readSecret, type Operator } from './operator.js';

interface OrgOptions { name: string; preset: Preset; json?: boolean }
interface UserOptions { email: string; name?: string; org: string; role: string; passwordStdin?: boolean; json?: boolean }

/** `org create` and `user create`. */
export function organizationCommands(program: Command): void {
  program.command('org').description('organizations').command('create').description('set up an organization')
    .requiredOption('--name <name>')
    .addOption(new Option('--preset <preset>', 'vocabulary of roles').choices(Object.keys(PRESETS)).makeOptionMandatory())
    .option('--json')
    .action((options: OrgOptions) => operate(options, async (operator) => ({ id: await createOrganization(operator, newId(), options) })));

  program.command('user').description('users').command('create').description('add a member, and the user behind it where the address is new')
    .requiredOption('--email <email>').requiredOption('--org <id>').requiredOption('--role <role>')
    .option('--name <name>', 'full name; the address if not given')
    .option('--password-stdin', 'read a first password from standard input; it must be changed at the first sign-in')
    .option('--json')
    .action(async (options: UserOptions) => {
      const password = options.passwordStdin ? await readSecret() : undefined;
      await operate(options, async (operator) => createUser(operator, { ...options, password, mustChange: true }));
    });
}

export async function createOrganization(operator: Operator, id: string, { name, preset }: Pick<OrgOptions, 'name' | 'preset'>): Promise<string> {
  await operator.installation(() => operator.app.get(TenancyService).create(id, name, preset));
  return id;
}

interface NewUser { email: string; name?: string; org: string; role: string; personId?: string; password?: string; mustChange: boolean }

export function createUser(operator: Operator, { email, name, org, role, personId, password, mustChange }: NewUser) {
  return operator.within(org, async () => {
    const member = await operator.app.get(TenancyService).add({ email, name: name ?? email, role, personId });
    if (password !== undefined) await operator.app.get(AccountService).setPassword(member.userId, password, mustChange);
    return { id: member.userId, membershipId: member.id };
  });
}
