import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { createApp } from '../../src/platform/http/index.js';
import { Harness } from '../harness/app.js';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

async function boot(): Promise<void> {
  const config = loadConfig(harness.env, 'api');
  const app = await createApp(AppModule.forRoot(config), config);
  try {
    await app.init();
  } finally {
    await app.close();
  }
}

describe('the application does not start on a database with', () => {
  it.each<[string, string, string]>([
    [
      'the SQL functions of another version',
      'app_private.function_files',
      'the database contains the SQL functions of another version: run `vouchsafe migrate`',
    ],
    [
      'the access rules of another version',
      'app_private.catalog',
      'the database contains the access rules of another version: run `vouchsafe migrate`',
    ],
  ])('%s', async (_what, table, message) => {
    await boot();
    await harness.database.superuser(`UPDATE ${table} SET digest = 'z' || digest`);
    await expect(boot()).rejects.toThrow(message);
    await harness.database.superuser(`UPDATE ${table} SET digest = substr(digest, 2)`);
    await boot();
  });
});
