import { say } from '../lib/log.mjs';

/** Returns the median with the minimum and the maximum. */
export function spread(values, digits) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
  return `${median.toFixed(digits)} (${sorted[0].toFixed(digits)}–${sorted.at(-1).toFixed(digits)})`;
}

/** Prints rows of text in columns; the first row is the heading. */
export function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    say(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('   ')
        .trimEnd()}`,
    );
}

/** Returns the rows of one comparison: every server, with its ratio to the application's figure of the same round. */
function comparisonRows({ label, target, servers }, rounds) {
  const own = rounds.map((round) => round[servers[0].name]);
  return servers.map(({ name }, i) => {
    const figures = rounds.map((round) => round[name]);
    const ratios = figures.map(({ perSecond }, round) => own[round].perSecond / perSecond);
    return [
      i === 0 ? label : '',
      name,
      spread(
        figures.map(({ perSecond }) => perSecond),
        0,
      ),
      spread(
        figures.map(({ p50 }) => p50),
        0,
      ),
      spread(
        figures.map(({ p99 }) => p99),
        0,
      ),
      spread(
        figures.map(({ cpu }) => cpu.server),
        0,
      ),
      spread(
        figures.map(({ cpu }) => cpu.postgres),
        0,
      ),
      i === 0 ? '' : spread(ratios, 2),
      i === 1 ? `≥ ${target}` : '',
    ];
  });
}

/** Prints the results: medians with the minimum and the maximum of all rounds. */
export function report({ results, decisions, versions, connections, rounds, seconds, poolSize }) {
  say(
    `\nNode ${versions.node}, Postgres ${versions.postgres}; one process each, ${poolSize} database ` +
      `connections, ${connections} HTTP connections, ${rounds} rounds of ${seconds} s in turn`,
  );
  say('median (minimum–maximum); the ratio is this application to the other, round by round');
  say('CPU µs is the CPU time of the server process for one request, Postgres µs that of Postgres\n');
  printTable([
    ['what', 'server', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs', 'Postgres µs', 'ratio', 'target'],
    ...results.flatMap(({ comparison, rounds: figures }) => comparisonRows(comparison, figures)),
  ]);
  say(
    `\n  authorization decision: p50 ${decisions.p50.toFixed(2)} µs, p99 ${decisions.p99.toFixed(2)} µs over ` +
      `${decisions.count} decisions (target: p50 < 5 µs)`,
  );
}
