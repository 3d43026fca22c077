import { Option, type Command } from 'commander';
import { PasswordsService } from '../modules/auth/passwords/index.js';
import { FactorResetService } from '../modules/auth/mfa/index.js';
import {
  OrganizationService,
  SUSPENSION_REASONS,
  TenancyService,
  type SuspensionReason,
} from '../modules/tenancy/index.js';
import { PRESETS, type Preset } from '../platform/feature/roles.js';
import { SYSTEM_ORG_ID, newId } from '../platform/clock/id.js';
import { emailArgument, lineArgument } from './arguments.js';
import { operate, readSecret, type Operator } from './operator.js';

interface OrgOptions {
  name: string;
  preset: Preset;
  org: string;
  reason: SuspensionReason;
  json?: boolean;
}
interface UserOptions {
  email: string;
  name?: string;
  org: string;
  role: string;
  passwordStdin?: boolean;
  json?: boolean;
}

/** `org create`, `list`, `rename`, `suspend` and `resume`; `user create` and `reset-factors`. */
export function organizationCommands(program: Command): void {
  const org = program.command('org').description('organizations');
  registryCommands(org);
  statusCommands(org);
  userCommands(program.command('user').description('users'));
}

/** Creates, lists and renames organizations. */
function registryCommands(org: Command): void {
  org
    .command('create')
    .description('create an organization')
    .requiredOption('--name <name>', 'name', lineArgument)
    .addOption(new Option('--preset <preset>', 'preset of roles').choices(Object.keys(PRESETS)).makeOptionMandatory())
    .option('--json')
    .action((options: OrgOptions) =>
      operate(options, async (operator) => ({ id: await createOrganization(operator, newId(), options) })),
    );
  org
    .command('list')
    .description('list all organizations')
    .option('--json')
    .action((options: OrgOptions) =>
      operate(options, async (operator) => ({ organizations: await listOrganizations(operator) })),
    );
  org
    .command('rename')
    .description('rename an organization')
    .requiredOption('--org <id>')
    .requiredOption('--name <name>', 'name', lineArgument)
    .option('--json')
    .action(({ name, ...options }: OrgOptions) =>
      operate(options, (operator) =>
        inOrganization(operator, options.org, async (organization) => {
          await organization.update({ name });
          return { id: options.org, name };
        }),
      ),
    );
}

/** Suspends and reactivates organizations. */
function statusCommands(org: Command): void {
  org
    .command('suspend')
    .description('suspend an organization: no sign-in, no requests, no webhooks, and no jobs except retention')
    .requiredOption('--org <id>')
    .addOption(
      new Option('--reason <code>', 'the reason for the audit log').choices(SUSPENSION_REASONS).makeOptionMandatory(),
    )
    .option('--json')
    .action((options: OrgOptions) =>
      operate(options, async (operator) => ({ suspended: await suspend(operator, options.org, options.reason) })),
    );
  org
    .command('resume')
    .description('reactivate a suspended organization')
    .requiredOption('--org <id>')
    .option('--json')
    .action((options: OrgOptions) =>
      operate(options, async (operator) => ({ resumed: await resume(operator, options.org) })),
    );
}

function userCommands(user: Command): void {
  user
    .command('create')
    .description('add a member, and create the user if the e-mail address is new')
    .requiredOption('--email <email>', 'e-mail address', emailArgument)
    .requiredOption('--org <id>')
    .requiredOption('--role <role>')
    .option('--name <name>', 'full name; default: the e-mail address', lineArgument)
    .option(
      '--password-stdin',
      'read an initial password from standard input; the user must change it at first sign-in',
    )
    .option('--json')
    .action(async (options: UserOptions) => {
      const password = options.passwordStdin ? await readSecret() : undefined;
      await operate(options, async (operator) => createUser(operator, { ...options, password, mustChange: true }));
    });
  user
    .command('reset-factors')
    .description('remove all second factors of a member, end the sessions, and notify the member by mail')
    .requiredOption('--email <email>', 'e-mail address', emailArgument)
    .requiredOption('--org <id>')
    .option('--json')
    .action((options: UserOptions) =>
      operate(options, async (operator) => ({ membershipId: await resetFactors(operator, options) })),
    );
}

export async function createOrganization(
  operator: Operator,
  id: string,
  { name, preset }: Pick<OrgOptions, 'name' | 'preset'>,
): Promise<string> {
  await operator.installation(() => operator.app.get(OrganizationService).create(id, name, preset));
  return id;
}

export function suspend(operator: Operator, org: string, reason: SuspensionReason): Promise<boolean> {
  return inOrganization(operator, org, (organization) => organization.suspend(reason));
}

export function resume(operator: Operator, org: string): Promise<boolean> {
  return inOrganization(operator, org, (organization) => organization.resume());
}

export function resetFactors(operator: Operator, { org, email }: Pick<UserOptions, 'org' | 'email'>): Promise<string> {
  return operator.within(org, () => operator.app.get(FactorResetService).resetByEmail(email));
}

async function listOrganizations(operator: Operator) {
  const organizations = [];
  for (const org of (await operator.app.get(OrganizationService).ids()).filter((id) => id !== SYSTEM_ORG_ID)) {
    const { id, name, preset, status, institutionId } = await inOrganization(operator, org, (organization) =>
      organization.current(),
    );
    organizations.push({ id, name, preset, status, institutionId });
  }
  return organizations;
}

function inOrganization<T>(
  operator: Operator,
  org: string,
  fn: (organization: OrganizationService) => Promise<T>,
): Promise<T> {
  return operator.within(org, () => fn(operator.app.get(OrganizationService)));
}

interface NewUser {
  email: string;
  name?: string;
  org: string;
  role: string;
  personId?: string;
  password?: string;
  mustChange: boolean;
}

export function createUser(operator: Operator, { email, name, org, role, personId, password, mustChange }: NewUser) {
  return operator.within(org, async () => {
    const member = await operator.app.get(TenancyService).add({ email, name: name ?? email, role, personId });
    if (password !== undefined)
      await operator.app.get(PasswordsService).setPassword(member.userId, password, mustChange);
    return { id: member.userId, membershipId: member.id };
  });
}
