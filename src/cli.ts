import 'reflect-metadata';
import { Command } from 'commander';
import { demoCommands } from './cli/demo.js';
import { documentCommands } from './cli/documents.js';
import { migrateCommand } from './cli/migrate.js';
import { organizationCommands } from './cli/organizations.js';
import { ssoCommands } from './cli/sso.js';
import { startProcess } from './platform/config/start-process.js';

/** Operators' commands. `--json` prints one JSON object. */
await startProcess(async () => {
  const program = new Command('vouchsafe').description('Operate a Vouchsafe installation').showHelpAfterError();
  for (const register of [migrateCommand, organizationCommands, ssoCommands, demoCommands, documentCommands]) register(program);
  await program.parseAsync();
});
