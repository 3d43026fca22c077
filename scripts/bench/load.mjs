/**
 * The load generator, a separate process. For each message `{ url, headers, paths | webhook, connections, seconds }` it
 * keeps that many connections busy and answers `{ requests, perSecond, p50, p99, failures }`, with latencies in
 * milliseconds.
 */
import { createHmac, randomUUID } from 'node:crypto';
import autocannon from 'autocannon';

/** Shuffles the paths, so that each connection has its own order. */
function shuffled(items) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Returns a function that creates a new signed message for each request (Standard Webhooks). */
function signedRequest({ path, key }) {
  const secret = Buffer.from(key, 'base64');
  return (request) => {
    const id = randomUUID();
    const at = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({
      type: 'person.updated',
      timestamp: new Date(at * 1000).toISOString(),
      data: { externalId: id, kind: 'trainee', givenName: 'Synthetic', familyName: 'Arrival', title: 'Year one' },
    });
    const signature = createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64');
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': `v1,${signature}`,
    };
    return { ...request, method: 'POST', path, headers, body };
  };
}

async function load({ url, headers, paths, webhook, connections, seconds }) {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    headers,
    ...(webhook ? { requests: [{ setupRequest: signedRequest(webhook) }] } : {}),
    ...(paths ? { setupClient: (client) => client.setRequests(shuffled(paths).map((path) => ({ path }))) } : {}),
  });
  const { latency, duration, errors, timeouts, non2xx, statusCodeStats } = result;
  const failures = errors + timeouts + non2xx === 0 ? undefined : JSON.stringify({ errors, timeouts, statusCodeStats });
  return { requests: result['2xx'], perSecond: result['2xx'] / duration, p50: latency.p50, p99: latency.p99, failures };
}

process.on('message', (message) => {
  load(message).then(
    (result) => process.send({ result }),
    (error) => process.send({ error: error.stack }),
  );
});
