import type { Command } from 'commander';
import { RetentionService } from '../modules/retention/index.js';
import { INSTALLATION } from '../platform/clock/id.js';
import { operate } from './operator.js';

interface PolicyOptions { policy: string; org?: string; json?: boolean }

/** `retention preview` and `retention run`: a policy of one organization, or of the installation where none is named. */
export function retentionCommands(program: Command): void {
  const retention = program.command('retention').description('removal of what is past its time');
  const about = (name: string, description: string) => retention.command(name).description(description)
    .requiredOption('--policy <name>', 'as /v1/retention/policies lists it')
    .option('--org <id>', 'the organization; without it, the installation\'s own rows')
    .option('--json');

  about('preview', 'what a run would remove now; removes nothing')
    .action(({ policy, org = INSTALLATION, json }: PolicyOptions) => operate({ json }, (operator) => operator.within(org, async () => {
      const plan = await operator.app.get(RetentionService).preview(policy);
      return { ...plan };
    })));

  about('run', 'have the worker run a policy now')
    .action(({ policy, org = INSTALLATION, json }: PolicyOptions) => operate({ json }, (operator) => operator.within(org, async () => ({
      runId: await operator.app.get(RetentionService).request(policy),
    }))));
}
