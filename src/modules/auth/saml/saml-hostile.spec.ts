import { beforeAll, describe, expect, it } from '@jest/globals';
import { SamlDoor, testConnection } from '../../../../test/harness/saml-sign-in.js';
import type { Attack } from '../../../../test/harness/saml-attacks.js';
import { DOCUMENT_ATTACKS, FORM_ATTACKS, SHAPE_ATTACKS } from '../../../../test/harness/saml-attacks-documents.js';
import { SIGNATURE_ATTACKS, WRAPPING_ATTACKS } from '../../../../test/harness/saml-attacks-signatures.js';
import { STATEMENT_ATTACKS } from '../../../../test/harness/saml-attacks-statements.js';
import { ENCRYPTION_ATTACKS } from '../../../../test/harness/saml-attacks-encrypted.js';
import { newSigningKey, signedResponse, truthfulParts, type SigningKey } from '../../../../test/harness/saml-idp.js';
import type { SamlConnection } from './saml-connection.js';

let key: SigningKey;
let strange: SigningKey;
let ourKey: SigningKey;
let connection: SamlConnection;

beforeAll(async () => {
  [key, strange, ourKey] = await Promise.all([newSigningKey(), newSigningKey(), newSigningKey()]);
  connection = testConnection('one', [key.certificate]);
});

async function attempt([, reason, make]: Attack, to = connection): Promise<void> {
  const door = new SamlDoor(to);
  const departed = await door.depart(to);
  const parts = truthfulParts(to, departed.requestId);
  await expect(door.arrive(departed, make({ departed, parts, key, strange }))).rejects.toMatchObject({ reason });
}

describe.each([
  ['form', FORM_ATTACKS],
  ['document', DOCUMENT_ATTACKS],
  ['shape', SHAPE_ATTACKS],
  ['signature', SIGNATURE_ATTACKS],
  ['wrapping', WRAPPING_ATTACKS],
  ['statement', STATEMENT_ATTACKS],
])('refuses by its %s', (_kind, attacks) => {
  it.each(attacks.map((attack) => [attack[0], attack] as const))('%s', (_name, attack) => attempt(attack));
});

describe('refuses by its encryption', () => {
  it.each(ENCRYPTION_ATTACKS.map((attack) => [attack[0], attack] as const))('%s', async (_name, attack) => {
    await attempt(attack, testConnection('one', [key.certificate], { wantAssertionEncrypted: true, spKeys: [ourKey] }));
  });
});

describe('refuses a true response', () => {
  async function truth(door: SamlDoor, to: SamlConnection = connection) {
    const departed = await door.depart(to);
    return { departed, parts: truthfulParts(to, departed.requestId) };
  }

  it('the second time it is posted', async () => {
    const door = new SamlDoor(connection);
    const { departed, parts } = await truth(door);
    const xml = signedResponse(parts, key);
    await door.arrive(departed, { xml });
    await expect(door.arrive(departed, { xml })).rejects.toMatchObject({ reason: 'request_unknown' });
  });

  it('all but one of the times it is posted at once', async () => {
    const door = new SamlDoor(connection);
    const { departed, parts } = await truth(door);
    const xml = signedResponse(parts, key);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => door.arrive(departed, { xml })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('whose assertion was used in another answer', async () => {
    const door = new SamlDoor(connection);
    const first = await truth(door);
    await door.arrive(first.departed, { xml: signedResponse(first.parts, key) });
    const second = await truth(door);
    const again = { ...second.parts, assertionAttrs: first.parts.assertionAttrs };
    await expect(door.arrive(second.departed, { xml: signedResponse(again, key) })).rejects.toMatchObject({
      reason: 'assertion_replayed',
    });
  });

  it('after a forged one was tried on the same request', async () => {
    const door = new SamlDoor(connection);
    const { departed, parts } = await truth(door);
    await expect(door.arrive(departed, { xml: signedResponse(parts, strange) })).rejects.toMatchObject({
      reason: 'signature_invalid',
    });
    await expect(door.arrive(departed, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'request_unknown',
    });
  });

  it('in the browser of someone else, who began a sign-in too', async () => {
    const door = new SamlDoor(connection);
    const attacker = await truth(door);
    const victim = await truth(door);
    const xml = signedResponse(attacker.parts, key);
    await expect(door.arrive(victim.departed, { xml })).rejects.toMatchObject({ reason: 'request_unknown' });
  });

  it('made for another connection to the same identity provider', async () => {
    const other = testConnection('two', [key.certificate]);
    const door = new SamlDoor(connection, other);
    const { departed, parts } = await truth(door, other);
    const posted = { xml: signedResponse(parts, key), connectionId: connection.id };
    await expect(door.arrive(departed, posted)).rejects.toMatchObject({ reason: 'destination_mismatch' });
    const undirected = { ...parts, responseAttrs: { ...parts.responseAttrs, Destination: undefined } };
    const quiet = { xml: signedResponse(undirected, key), connectionId: connection.id };
    await expect(door.arrive(departed, quiet)).rejects.toMatchObject({ reason: 'request_unknown' });
  });

  it('that is unsigned outside, where the connection wants the response signed', async () => {
    const strict = testConnection('one', [key.certificate], { wantResponseSigned: true });
    const door = new SamlDoor(strict);
    const { departed, parts } = await truth(door, strict);
    await expect(door.arrive(departed, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'response_unsigned',
    });
  });

  it('changed outside the assertion, where the connection wants the response signed', async () => {
    const strict = testConnection('one', [key.certificate], { wantResponseSigned: true });
    const door = new SamlDoor(strict);
    const { departed, parts } = await truth(door, strict);
    const xml = signedResponse(parts, key, 'both')
      .replace('<samlp:Status>', '<samlp:Status >')
      .replace(/ IssueInstant="[^"]*"/, ' IssueInstant="2020-01-01T00:00:00Z"');
    await expect(door.arrive(departed, { xml })).rejects.toMatchObject({ reason: 'signature_invalid' });
  });

  it("without Entra ID's object id, where that names the person", async () => {
    const entra = testConnection('one', [key.certificate], { subject: 'entra-object' });
    const door = new SamlDoor(entra);
    const { departed, parts } = await truth(door, entra);
    await expect(door.arrive(departed, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'subject_attributes_missing',
    });
  });

  it('while the sign-in store is gone', async () => {
    const door = new SamlDoor(connection);
    const { departed, parts } = await truth(door);
    door.redis.gone = true;
    await expect(door.arrive(departed, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'unavailable',
    });
    await expect(door.depart(connection)).rejects.toMatchObject({ reason: 'unavailable' });
  });
});
