import { createHmac, randomBytes } from 'node:crypto';
import { expectEqual, until } from './steps.mjs';

/** Returns a delivery of a partner: Standard Webhooks 1.0.0, signed over `id.timestamp.body`. */
function delivery(secret, id, body, timestamp = Math.floor(Date.now() / 1000)) {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const text = JSON.stringify(body);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64');
  return {
    text,
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${signature}`,
    },
  };
}

async function post(url, { text, headers }) {
  const response = await fetch(url, { method: 'POST', body: text, headers, signal: AbortSignal.timeout(15_000) });
  const body = await response.json();
  return { ...body, status: response.status };
}

const outcome = ({ status, code, duplicate }) => ({ status, code, duplicate });
const rejection = (status, code) => ({ status, code, duplicate: undefined });

/** Three steps: a partner's message is delivered, repeated, and forged. Returns the person of the message. */
export async function runWebhooks(runner, { webhookSource: { url, secret } }, director) {
  const label = randomBytes(6).toString('hex');
  const message = { url, secret, id: `msg_tour_${label}`, event: newTrainee(label) };
  const { email } = message.event.data;
  const found = async () => (await director.get(`/v1/people?email=${encodeURIComponent(email)}`)).items;

  const person = await runner.step('A partner system posts a signed webhook about a new trainee.', (see) =>
    deliver(see, message, found),
  );
  await runner.step('The partner sends the same message again, because senders retry.', (see) =>
    deliverAgain(see, message, found, person),
  );
  await runner.step('An attacker sends a changed delivery and an old delivery.', (see) => deliverForged(see, message));
  return { ...person, email };
}

function newTrainee(label) {
  return {
    type: 'person.created',
    timestamp: new Date().toISOString(),
    data: {
      externalId: `tour-${label}`,
      kind: 'trainee',
      givenName: 'Synthetic',
      familyName: 'Visitor',
      email: `tour.${label}@partner.example`,
      phone: '+1 202 555 0199',
      dateOfBirth: '1990-06-15',
      ssn: '000-12-3456',
    },
  };
}

async function deliver(see, { url, secret, id, event }, found) {
  expectEqual('the answer to a signed delivery', outcome(await post(url, delivery(secret, id, event))), {
    status: 202,
    code: undefined,
    duplicate: false,
  });
  see('202: stored together with its job');
  const [applied] = await until('the person of the webhook', async () => {
    const people = await found();
    return people.length > 0 ? people : undefined;
  });
  see(
    `the worker applied it: ${applied.givenName} ${applied.familyName} (${applied.externalId}) is found by e-mail ` +
      'address, which is stored encrypted',
  );
  return applied;
}

async function deliverAgain(see, { url, secret, id, event }, found, person) {
  expectEqual('the answer to the same message', outcome(await post(url, delivery(secret, id, event))), {
    status: 202,
    code: undefined,
    duplicate: true,
  });
  expectEqual('the people of the message', await found(), [person]);
  see('202 and marked as a duplicate: the person is unchanged and not duplicated');
  const other = { ...event, data: { ...event.data, familyName: 'Impostor' } };
  expectEqual(
    'the same id with another body',
    outcome(await post(url, delivery(secret, id, other))),
    rejection(409, 'webhook_conflict'),
  );
  see('the same message id with another body is a conflict: 409');
}

async function deliverForged(see, { url, secret, id, event }) {
  const tampered = delivery(secret, `${id}_tampered`, event);
  expectEqual(
    'a changed body',
    outcome(await post(url, { ...tampered, text: tampered.text.replace('Visitor', 'Villain') })),
    rejection(401, 'webhook_signature_invalid'),
  );
  see('one changed word: 401, because the signature does not match the bytes');
  const old = delivery(secret, `${id}_old`, event, Math.floor(Date.now() / 1000) - 3_600);
  expectEqual(
    'a delivery of an hour ago',
    outcome(await post(url, old)),
    rejection(401, 'webhook_timestamp_out_of_range'),
  );
  see('a valid signature of an hour ago: 401, because the timestamp is outside the allowed window');
}
