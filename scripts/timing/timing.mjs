import { foreground } from '../lib/foreground.mjs';
import { freshHome } from '../lib/fresh-home.mjs';
import { Fixable, step } from '../lib/log.mjs';
import { forgetProcess } from '../lib/run-files.mjs';
import { startEnvironment } from './stage.mjs';
import { mannWhitney, quantile } from './statistics.mjs';
import { emailsFor, measure, shuffledTries } from './tries.mjs';

const TRIES = Number(process.env.TIMING_TRIES ?? 2_000);
const WARM_UP = 200;
const DISTINGUISHABLE = 0.01;

const ROUTES = [
  {
    name: 'sign-in',
    path: '/v1/auth/login',
    status: 401,
    bodyFor: (email) => ({ email, password: 'Wrong-Password-1' }),
  },
  { name: 'password reset request', path: '/v1/auth/password/forgot', status: 202, bodyFor: (email) => ({ email }) },
];

const unknownEmails = (label, count) => Array.from({ length: count }, (_, i) => `unknown${label}${i}@test.example`);

/** Measures one route after a warm-up with e-mail addresses that are not used again. */
async function compare({ name, path, status, bodyFor }, { baseUrl, known, spare }, stopping) {
  const url = baseUrl + path;
  const run = (tries) => measure({ url, tries, bodyFor, status, stopping });
  await run(shuffledTries({ known: spare, unknown: unknownEmails('warm', spare.length) }));
  const times = await step(`Timing ${name}: ${TRIES} requests each`, () =>
    run(shuffledTries({ known, unknown: unknownEmails('', known.length) })),
  );
  return { name, times, ...mannWhitney(times.known, times.unknown) };
}

function report({ name, times, p }) {
  const [known, unknown] = [times.known, times.unknown].map((sample) =>
    [0.25, 0.5, 0.75].map((share) => quantile(sample, share).toFixed(3)),
  );
  process.stdout.write(
    `${name}: median ${known[1]} ms known, ${unknown[1]} ms unknown (quartiles ${known[0]}–${known[2]}, ` +
      `${unknown[0]}–${unknown[2]}); ` +
      `n = ${times.known.length} each; Mann–Whitney p = ${p.toFixed(4)}: ` +
      `${p < DISTINGUISHABLE ? 'distinguishable' : 'not distinguishable'}\n`,
  );
}

/** Starts everything, measures, prints, and stops everything. Fails when response times reveal known addresses. */
export const timing = () =>
  foreground(async (stopping) => {
    const stops = [];
    const home = await freshHome('timing');
    try {
      const [each, warm] = [emailsFor(TRIES), emailsFor(WARM_UP)];
      const { baseUrl, known } = await startEnvironment({ home, stops, stopping, members: each + warm });
      const stage = { baseUrl, known: known.slice(0, each), spare: known.slice(each) };
      const results = [];
      for (const route of ROUTES) results.push(await compare(route, stage, stopping));
      for (const result of results) report(result);
      const revealing = results.filter(({ p }) => p < DISTINGUISHABLE).map(({ name }) => name);
      if (revealing.length > 0)
        throw new Fixable(
          `Response times reveal whether an e-mail address is known: ${revealing.join(', ')}`,
          'compare the database work for known and unknown addresses',
        );
    } finally {
      for (const stop of stops.reverse()) await stop();
      forgetProcess(home, 'timing');
    }
  });
