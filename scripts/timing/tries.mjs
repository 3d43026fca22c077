import { Agent, request } from 'node:http';
import { randomInt } from 'node:crypto';

/** Requests per e-mail address: below the limit of the lockout and of mails. */
const TRIES_PER_EMAIL = 2;

/** Returns the requests in random order, with the same number for each known and unknown e-mail address. */
export function shuffledTries({ known, unknown }) {
  const tries = [
    ...known.map((email) => ({ email, group: 'known' })),
    ...unknown.map((email) => ({ email, group: 'unknown' })),
  ].flatMap((one) => Array.from({ length: TRIES_PER_EMAIL }, () => one));
  for (let i = tries.length - 1; i > 0; i -= 1) {
    const j = randomInt(i + 1);
    [tries[i], tries[j]] = [tries[j], tries[i]];
  }
  return tries;
}

/** Returns how many e-mail addresses of each group the requests need. */
export const emailsFor = (tries) => Math.ceil(tries / TRIES_PER_EMAIL);

/** Sends one request over a persistent connection. Returns the milliseconds until the answer, and its status. */
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
 * Sends the requests one after another, each from another IP, so that no rate limit applies. Returns the times of each
 * group in milliseconds. Throws on an unexpected status, because only equal answers can be compared.
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
      if (answer.status !== status) throw new Error(`${url} answered ${answer.status} to request ${i}, not ${status}`);
      times[group].push(answer.millis);
    }
  } finally {
    agent.destroy();
  }
  return times;
}
