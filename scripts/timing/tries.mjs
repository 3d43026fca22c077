import { Agent, request } from 'node:http';
import { randomInt } from 'node:crypto';

/** How often one address is tried: fewer times than lock it, or than it gets mails. */
const TRIES_AN_ADDRESS = 2;

/** The tries in an order of chance: each of the known and of the unknown addresses as often as any other. */
export function shuffledTries({ known, unknown }) {
  const tries = [
    ...known.map((email) => ({ email, group: 'known' })),
    ...unknown.map((email) => ({ email, group: 'unknown' })),
  ].flatMap((one) => Array.from({ length: TRIES_AN_ADDRESS }, () => one));
  for (let i = tries.length - 1; i > 0; i -= 1) {
    const j = randomInt(i + 1);
    [tries[i], tries[j]] = [tries[j], tries[i]];
  }
  return tries;
}

/** How many addresses of each kind that many tries need. */
export const addressesFor = (tries) => Math.ceil(tries / TRIES_AN_ADDRESS);

/**
 * Sends one request over a connection that stays open; how many milliseconds passed until the answer was read, and its
 * status.
 */
function timed(agent, url, { body, ip }) {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const sent = request(
      url,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          'x-forwarded-for': ip,
        },
      },
      (response) => {
        response
          .resume()
          .once('end', () =>
            resolve({ millis: Number(process.hrtime.bigint() - began) / 1e6, status: response.statusCode }),
          );
      },
    );
    sent.once('error', reject);
    sent.end(text);
  });
}

/**
 * Tries one after another, each from an address of its own, so that no limit is met. Returns the times of each group in
 * milliseconds. Throws when an answer has another status than expected: what is compared has to be the same answer.
 */
export async function measure({ url, tries, bodyFor, status, stopping }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = { known: [], unknown: [] };
  try {
    for (const [i, { email, group }] of tries.entries()) {
      stopping.throwIfAborted();
      const answer = await timed(agent, url, {
        body: bodyFor(email),
        ip: `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`,
      });
      if (answer.status !== status) throw new Error(`${url} answered ${answer.status} to try ${i}, not ${status}`);
      times[group].push(answer.millis);
    }
  } finally {
    agent.destroy();
  }
  return times;
}
