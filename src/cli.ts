import 'reflect-metadata';
import { Command } from 'commander';
import { demoCommands } from './cli/demo.js';
import { doctorCommand } from './cli/doctor.js';
import { documentCommands } from './cli/documents.js';
import { institutionCommands } from './cli/institutions.js';
import { migrateCommand } from './cli/migrate.js';
import { organizationCommands } from './cli/organizations.js';
import { retentionCommands } from './cli/retention.js';
import { scimCommands } from './cli/scim.js';
import { ssoCommands } from './cli/sso.js';
import { supportCommands } from './cli/support.js';
import { webhookCommands } from './cli/webhooks.js';
import { startProcess } from './platform/config/start-process.js';

/** The commands for operators. `--json` prints one JSON object. */
await startProcess(async () => {
  const program = new Command('vouchsafe').description('Operate a Vouchsafe installation').showHelpAfterError();
  const commands = [
    migrateCommand,
    organizationCommands,
    institutionCommands,
    ssoCommands,
    webhookCommands,
    retentionCommands,
    supportCommands,
    doctorCommand,
    demoCommands,
    documentCommands,
    scimCommands,
  ];
  for (const register of commands) register(program);
  await program.parseAsync();
});
