import type { Command } from 'commander';
import { RetentionRunner, RetentionService } from '../modules/retention/index.js';
import { operate, type Operator } from './operator.js';

interface Options {
  policy: string;
  org?: string;
  json?: boolean;
}

/** `retention preview` and `retention run`: one policy, in one or all organizations. */
export function retentionCommands(program: Command): void {
  const retention = program.command('retention').description('deletion of expired rows');
  retention
    .command('preview')
    .description('show what a policy would remove now')
    .requiredOption('--policy <name>')
    .option('--org <id>', 'organization; default: all')
    .option('--json')
    .action((options: Options) => operate(options, (operator) => everywhere(operator, options, preview)));
  retention
    .command('run')
    .description('run a policy now in this process, and certify what it removed')
    .requiredOption('--policy <name>')
    .option('--org <id>', 'organization; default: all')
    .option('--json')
    .action((options: Options) => operate(options, (operator) => everywhere(operator, options, run)));
}

async function everywhere(
  operator: Operator,
  { policy, org }: Options,
  command: typeof preview,
): Promise<Record<string, unknown>> {
  if (org !== undefined) return command(operator, org, policy);
  const organizations = [];
  for (const orgId of await operator.app.get(RetentionService).organizations()) {
    organizations.push({ orgId, ...(await command(operator, orgId, policy)) });
  }
  return { policy, organizations };
}

async function preview(operator: Operator, orgId: string, policy: string): Promise<Record<string, unknown>> {
  return { ...(await operator.within(orgId, () => operator.app.get(RetentionService).preview(policy))) };
}

async function run(operator: Operator, orgId: string, policy: string): Promise<Record<string, unknown>> {
  const runId = await operator.within(orgId, () => operator.app.get(RetentionService).request(policy));
  return { policy, runId, ...(await operator.as(orgId, () => operator.app.get(RetentionRunner).execute(runId))) };
}
