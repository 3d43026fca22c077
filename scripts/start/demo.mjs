import path from 'node:path';
import { readJson, writePrivateJson } from '../lib/files.mjs';
import { say } from '../lib/log.mjs';

/** Returns the file with the demo's URLs and sign-ins, for people and for programs. */
export const demoFile = (home) => path.join(home, 'demo.json');

/** Adds the URLs that only the launcher knows. */
export function completeDemoFile({ home, env, services }) {
  writePrivateJson(demoFile(home), {
    ...readJson(demoFile(home)),
    baseUrl: env.PUBLIC_URL,
    databaseUrl: {
      app: env.DATABASE_URL,
      ...(services.postgres ? { superuser: services.postgres.url('postgres') } : {}),
    },
    redisUrl: env.REDIS_URL,
  });
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    say(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('   ')
        .trimEnd()}`,
    );
}

function signInRows({ organizations = [], signIns = [] }) {
  const names = new Map(organizations.map(({ id, name }) => [id, name]));
  return signIns.map(({ email, password, role, orgId }) => [email, password, role, names.get(orgId) ?? orgId]);
}

/** Prints all URLs and sign-ins; the last line is `ready`. */
export function announce({ home, env, demo }) {
  const links = [
    ['API', env.PUBLIC_URL],
    ['Reference', `${env.PUBLIC_URL}/docs`],
    ['Metrics', `${env.PUBLIC_URL}/metrics`],
    ...(demo ? [['Identity provider', `http://127.0.0.1:${env.IDP_PORT}`]] : []),
    ['Logs', path.join(home, 'logs')],
  ];
  say();
  table(links);
  const rows = demo ? signInRows(readJson(demoFile(home)) ?? {}) : [];
  if (rows.length > 0) {
    say(`\n  Demo sign-ins (also in ${demoFile(home)})`);
    table([['E-mail', 'Password', 'Role', 'Organization'], ...rows]);
  }
  say('\nready');
}
