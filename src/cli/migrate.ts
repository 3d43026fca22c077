import type { Command } from 'commander';
import '../app.module.js';
import { loadConfig } from '../platform/config/config.js';
import { applyMigrations, asMigrator } from '../platform/database/migrations.js';
import { migrationFiles } from '../platform/database/sql-files.js';
import { declared } from '../platform/feature/registry.js';
import { print } from './operator.js';
import { syncAccessRules } from '../platform/policies/sync.js';

/** `migrate`: applies migrations with the migrator's role, and writes the declarations to the database. */
export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database schema up to date')
    .option('--json')
    .action(async (options: { json?: boolean }) => {
      const { database } = loadConfig(process.env, 'migrator');
      const applied = await asMigrator(database.url, async (query) => {
        const names = await applyMigrations(query, migrationFiles());
        await syncAccessRules(query);
        return names;
      });
      print({ applied, permissions: declared('permissions').size }, options);
    });
}
