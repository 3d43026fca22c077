import { Option, type Command } from 'commander';
import { OFFERED_SCHEMES, WebhookSourcesService, type Scheme } from '../modules/webhooks/index.js';
import { lineArgument } from './arguments.js';
import { operate } from './operator.js';

interface AddSourceOptions {
  org: string;
  name: string;
  scheme: Scheme;
  json?: boolean;
}

/** `webhook add-source`. */
export function webhookCommands(program: Command): void {
  program
    .command('webhook')
    .description('webhooks of partner systems')
    .command('add-source')
    .description('add a webhook source for a partner; the secret is shown once')
    .requiredOption('--org <id>')
    .requiredOption('--name <name>', 'name', lineArgument)
    .addOption(new Option('--scheme <scheme>', 'signature scheme').choices([...OFFERED_SCHEMES]).default('standard'))
    .option('--json')
    .action((options: AddSourceOptions) =>
      operate(options, (operator) =>
        operator.within(options.org, async () => {
          const { id, url, secret } = await operator.app
            .get(WebhookSourcesService)
            .create({ name: options.name, scheme: options.scheme });
          return { id, url, secret };
        }),
      ),
    );
}
