import { foreground } from '../lib/foreground.mjs';
import { freshHome } from '../lib/fresh-home.mjs';
import { Fixable, say, step } from '../lib/log.mjs';
import { forgetProcess } from '../lib/run-files.mjs';
import { hostileBodies, hostileForms, hostileHeaders, hostileQueries } from './hostile.mjs';
import { startStage } from './stage.mjs';

const LIMIT_MS = 50;
const SIZES = [4_000, 16_000, 180_000, 512_000, 1_000_000];
/** The lowest of several times counts, because other processes of the machine delay the event loop too. */
const ATTEMPTS = 5;
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

let lastIp = 0;
/** Returns an IP that has not been used, because the routes have rate limits for each IP. */
const newIp = () => `10.${((lastIp += 1) >> 16) & 0xff}.${(lastIp >> 8) & 0xff}.${lastIp & 0xff}`;

/** Returns the routes of the OpenAPI document that match, with ids in their paths. */
async function routesOf({ baseUrl, ids }, matches) {
  const { paths } = await (await fetch(`${baseUrl}/openapi.json`)).json();
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      if (!matches(operation, template)) return [];
      const path = template.replaceAll(/\{(\w+)\}/g, (_, name) => ids[name] ?? crypto.randomUUID());
      return [{ method: method.toUpperCase(), path, name: `${method.toUpperCase()} ${template}` }];
    }),
  );
}

/** Returns the requests for one route: bodies for a mutation; queries and headers for each route. */
function requestsFor({ method, path, name }) {
  const cell = (what, init, query = '') => ({
    name: `${name}, ${what}`,
    path: path + query,
    init: { method, ...init },
  });
  const body = method === 'GET' ? {} : { body: '{}', headers: { 'content-type': JSON_TYPE } };
  const cells = [
    cell('nothing hostile', body),
    ...Object.entries(hostileQueries()).map(([what, query]) => cell(`query: ${what}`, body, `?${query}`)),
    ...Object.entries(hostileHeaders()).map(([what, headers]) =>
      cell(`header: ${what}`, { ...body, headers: { ...body.headers, ...headers } }),
    ),
  ];
  if (method === 'GET') return cells;
  for (const size of SIZES) {
    for (const type of [JSON_TYPE, FORM])
      for (const [what, bytes] of Object.entries(hostileBodies(size)))
        cells.push(cell(`${what} of ${size} bytes as ${type}`, { body: bytes, headers: { 'content-type': type } }));
    if (path.includes('/sso/saml/'))
      for (const field of ['SAMLResponse', 'SAMLRequest'])
        for (const [what, bytes] of Object.entries(hostileForms(field, size)))
          cells.push(cell(`${field}: ${what} of ${size} bytes`, { body: bytes, headers: { 'content-type': FORM } }));
  }
  return cells;
}

async function send(baseUrl, { path, init }) {
  const headers = { 'x-forwarded-for': newIp(), ...init.headers };
  const answer = await fetch(baseUrl + path, { ...init, headers, redirect: 'manual' }).catch(() => undefined);
  await answer?.arrayBuffer().catch(() => undefined);
  return answer?.status ?? 0;
}

/**
 * Returns the lowest of several times that a request blocked the event loop, and the status of its response. The time
 * is the delay of the event loop, but at most the CPU time of its thread: the rest belongs to other processes.
 */
async function measure({ baseUrl, readProbe }, cell) {
  let least = Infinity;
  let status = 0;
  for (let i = 0; i < ATTEMPTS && least > LIMIT_MS / 5; i += 1) {
    await readProbe();
    status = await send(baseUrl, cell);
    const { delayMs, cpuMs } = await readProbe();
    least = Math.min(least, delayMs, cpuMs);
  }
  return { name: cell.name, status, delay: least };
}

function report(results, label) {
  const sorted = results.toSorted((a, b) => b.delay - a.delay);
  say(`\n${label}: ${results.length} requests; the longest delays of the event loop:`);
  for (const { name, status, delay } of sorted.slice(0, 10))
    say(`  ${delay.toFixed(1).padStart(7)} ms  ${status}  ${name}`);
  return sorted;
}

/** Starts everything, measures, prints, and stops everything. Fails when a request blocks the event loop. */
export const stall = () =>
  foreground(async (stopping) => {
    const stops = [];
    const home = await freshHome('stall');
    try {
      const stage = await startStage({ home, stops });
      const routes = await routesOf(stage, (operation) => operation['x-public'] !== undefined);
      const guarded = await routesOf(stage, (operation, path) => /^\/(v1\/people|scim\/v2\/Groups)$/.test(path));
      const results = [];
      await step(`Measuring ${routes.length + guarded.length} routes`, async () => {
        for (const cell of [...routes, ...guarded].flatMap(requestsFor)) {
          stopping.throwIfAborted();
          results.push(await measure(stage, cell));
        }
      });
      report(
        results.filter(({ name }) => name.endsWith('nothing hostile')),
        'Without hostile input',
      );
      const [worst] = report(results, 'All');
      if (worst.delay > LIMIT_MS)
        throw new Fixable(`${worst.name} blocks the event loop for ${worst.delay.toFixed(0)} ms`, 'limit its work');
    } finally {
      for (const stop of stops.reverse()) await stop();
      forgetProcess(home, 'stall');
    }
  });
