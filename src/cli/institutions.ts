import type { Command } from 'commander';
import { InstitutionsService } from '../modules/institutions/index.js';
import { newId } from '../platform/clock/id.js';
import { lineArgument } from './arguments.js';
import { operate, type Operator } from './operator.js';

interface Options {
  name: string;
  institution: string;
  org: string;
  json?: boolean;
}

/** `institution create`, `institution add` and `institution remove`. */
export function institutionCommands(program: Command): void {
  const institution = program
    .command('institution')
    .description('groups of organizations, for shared sign-in and reporting');
  institution
    .command('create')
    .description('create an institution')
    .requiredOption('--name <name>', 'name', lineArgument)
    .option('--json')
    .action((options: Options) =>
      operate(options, async (operator) => ({ id: await createInstitution(operator, options.name) })),
    );
  institution
    .command('add')
    .description('add an organization to an institution; the organization consents to sharing by itself')
    .requiredOption('--institution <id>')
    .requiredOption('--org <id>')
    .option('--json')
    .action((options: Options) =>
      operate(options, async (operator) => ({
        added: await addToInstitution(operator, options.org, options.institution),
      })),
    );
  institution
    .command('remove')
    .description('remove an organization from its institution')
    .requiredOption('--org <id>')
    .option('--json')
    .action((options: Options) =>
      operate(options, async (operator) => ({ removed: await removeFromInstitution(operator, options.org) })),
    );
}

export async function createInstitution(operator: Operator, name: string): Promise<string> {
  const id = newId();
  await operator.installation(() => operator.app.get(InstitutionsService).create(id, name));
  return id;
}

export function addToInstitution(operator: Operator, org: string, institution: string): Promise<boolean> {
  return operator.within(org, () => operator.app.get(InstitutionsService).add(institution));
}

export function removeFromInstitution(operator: Operator, org: string): Promise<boolean> {
  return operator.within(org, () => operator.app.get(InstitutionsService).remove());
}
