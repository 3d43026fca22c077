import path from 'node:path';
import { makeHome } from '../lib/files.mjs';
import { Fixable } from '../lib/log.mjs';
import { secrets } from '../lib/secrets.mjs';
import { prepareDatabase } from './database.mjs';
import { startPostgres } from './postgres.mjs';
import { startRedis } from './redis.mjs';

/** An external database needs its own keys too: a key that is created here would not be stored with its data. */
const OWN_DATABASE_NEEDS = ['DATABASE_URL', 'WORKER_DATABASE_URL', 'MIGRATOR_DATABASE_URL', 'ROOT_KEY', 'JWT_SECRET'];

const pick = (names) => Object.fromEntries(names.map((name) => [name, process.env[name]]));

function ownDatabase() {
  const missing = OWN_DATABASE_NEEDS.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new Fixable(
      `DATABASE_URL is set, so no Postgres is started. These variables are also required: ${missing.join(', ')}.`,
      'set them (see .env.example), or: unset DATABASE_URL',
    );
  }
  return pick(OWN_DATABASE_NEEDS);
}

function embeddedDatabase(postgres, home) {
  const { rootKey, jwtSecret } = secrets(home);
  return {
    DATABASE_URL: postgres.url('vouchsafe_app'),
    WORKER_DATABASE_URL: postgres.url('vouchsafe_worker'),
    MIGRATOR_DATABASE_URL: postgres.url('vouchsafe_migrator'),
    ROOT_KEY: rootKey,
    JWT_SECRET: jwtSecret,
  };
}

/**
 * Starts Postgres and Redis with their data under `home`, or uses those in DATABASE_URL and REDIS_URL (never with
 * `ignoreEnv`, for tests). Creates the database and its roles; the caller migrates.
 * Returns { env, postgres?, redis?, died, stop() }: `env` holds the variables of the application. `died` holds a
 * promise for each embedded service, which resolves to { name, log, tail() } when the service ends.
 */
export async function startServices({ home, durable = true, ignoreEnv = false }) {
  const own = (name) => !ignoreEnv && Boolean(process.env[name]);
  makeHome(home);
  const running = [];
  const stop = async () => {
    await Promise.all(running.splice(0).map((service) => service.stop()));
  };
  try {
    const external = own('DATABASE_URL') ? ownDatabase() : undefined;
    const redis = own('REDIS_URL') ? undefined : await startRedis({ home });
    if (redis) running.push(redis);
    const postgres = external ? undefined : await startPostgres({ home, durable });
    if (postgres) {
      running.push(postgres);
      await prepareDatabase(postgres, home);
    }
    const env = {
      VOUCHSAFE_ENV: own('VOUCHSAFE_ENV') ? process.env.VOUCHSAFE_ENV : 'development',
      STORAGE_DIR: own('STORAGE_DIR') ? process.env.STORAGE_DIR : path.join(home, 'storage'),
      MAIL_DIR: own('MAIL_DIR') ? process.env.MAIL_DIR : path.join(home, 'mail'),
      REDIS_URL: redis?.url ?? process.env.REDIS_URL,
      ...(external ?? embeddedDatabase(postgres, home)),
    };
    return { env, postgres, redis, died: running.map((service) => service.died()), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
