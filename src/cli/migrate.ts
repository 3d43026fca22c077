import type { Command } from 'commander';
import { DataSource } from 'typeorm';
import '../app.module.js';
import { loadConfig } from '../platform/config/config.js';
import { syncCatalogue } from '../platform/policies/sync.js';
import { declared } from '../platform/feature/registry.js';
import { print } from './operator.js';

/** `migrate`: brings the schema up to date as the migrator's role, and writes into it what the code declares. */
export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database schema up to date')
    .option('--json')
    .action(async (options: { json?: boolean }) => {
      const { database } = loadConfig(process.env, 'migrator');
      const dataSource = new DataSource({
        type: 'postgres',
        url: database.url,
        installExtensions: false,
        migrationsTransactionMode: 'each',
        migrations: [`${import.meta.dirname}/../../migrations/*.js`],
        extra: { max: 1 },
      });
      await dataSource.initialize();
      try {
        print(await migrate(dataSource), options);
      } finally {
        await dataSource.destroy();
      }
    });
}

/** One migrator at a time: the advisory lock is held until all steps are done. */
async function migrate(dataSource: DataSource): Promise<{ applied: string[]; permissions: number }> {
  await dataSource.query(`SET ROLE vouchsafe_owner`);
  await dataSource.query(`SELECT pg_advisory_lock(hashtext('vouchsafe migrate'))`);
  const applied = await dataSource.runMigrations();
  await syncCatalogue((text, values) => dataSource.query(text, values));
  return { applied: applied.map(({ name }) => name), permissions: declared('permissions').size };
}
