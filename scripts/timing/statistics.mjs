/** Returns the complementary error function, accurate to 1.2e-7 (Numerical Recipes in C, 2nd edition, section 6.2). */
function erfc(x) {
  const z = Math.abs(x);
  const t = 1 / (1 + z / 2);
  const terms = [
    1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
  ];
  const sum = terms.reduceRight((rest, term) => term + t * rest, 0);
  const tail = t * Math.exp(-z * z - 1.26551223 + t * sum);
  return x >= 0 ? tail : 2 - tail;
}

/** Returns the ranks from 1, with equal values sharing their ranks, and the size of each group of equal values. */
function ranked(values) {
  const order = values.map((value, i) => ({ value, i })).sort((a, b) => a.value - b.value);
  const ranks = values.map(() => 0);
  const groups = [];
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && order[to].value === order[from].value) to += 1;
    for (let k = from; k < to; k += 1) ranks[order[k].i] = (from + 1 + to) / 2;
    groups.push(to - from);
    from = to;
  }
  return { ranks, groups };
}

/**
 * Returns the two-sided p-value of the Mann–Whitney U test: the probability that two samples of one distribution differ
 * at least this much. Uses the normal approximation, corrected for ties, valid from about twenty values each.
 */
export function mannWhitney(a, b) {
  const { ranks, groups } = ranked([...a, ...b]);
  const n = a.length + b.length;
  const u = ranks.slice(0, a.length).reduce((sum, rank) => sum + rank, 0) - (a.length * (a.length + 1)) / 2;
  const ties = groups.reduce((sum, size) => sum + size ** 3 - size, 0);
  const deviation = Math.sqrt(((a.length * b.length) / 12) * (n + 1 - ties / (n * (n - 1))));
  const distance = Math.max(0, Math.abs(u - (a.length * b.length) / 2) - 0.5);
  return { u, p: deviation === 0 ? 1 : erfc(distance / deviation / Math.SQRT2) };
}

/** Returns a quantile of a sample, with linear interpolation. */
export function quantile(sample, share) {
  const sorted = [...sample].sort((x, y) => x - y);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}
