import { isGranted, parseGrants } from '../../dist/src/platform/policies/grants.js';

const BATCH = 1_000;

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

/**
 * Times the guard's decision. It parses the grants from a new string each time, as they come from the database, and
 * checks a granted and a missing permission in turn. Returns { count, p50, p99 } in microseconds.
 */
export function timeDecisions(grants, count) {
  const bytes = Buffer.from(grants);
  const permissions = [Object.keys(JSON.parse(grants))[0], 'absent:permission'];
  const micros = new Float64Array(count);
  let granted = 0;
  for (let done = 0; done < count; done += BATCH) {
    const texts = Array.from({ length: BATCH }, () => bytes.toString());
    for (let i = 0; i < BATCH; i += 1) {
      const started = performance.now();
      if (isGranted(parseGrants(texts[i]), permissions[i % 2])) granted += 1;
      micros[done + i] = (performance.now() - started) * 1_000;
    }
  }
  if (granted !== count / 2) throw new Error(`${granted} of ${count} decisions were granted: half was expected`);
  micros.sort();
  return { count, p50: quantile(micros, 0.5), p99: quantile(micros, 0.99) };
}
