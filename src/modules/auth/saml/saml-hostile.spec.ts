import { beforeAll, describe, expect, it } from '@jest/globals';
import { SamlServiceProvider, testConnection } from '../../../../test/harness/saml-sign-in.js';
import type { Attack } from '../../../../test/harness/saml-attacks.js';
import { DOCUMENT_ATTACKS, FORM_ATTACKS, SHAPE_ATTACKS } from '../../../../test/harness/saml-attacks-documents.js';
import { SIGNATURE_ATTACKS, WRAPPING_ATTACKS } from '../../../../test/harness/saml-attacks-signatures.js';
import { STATEMENT_ATTACKS } from '../../../../test/harness/saml-attacks-statements.js';
import { ENCRYPTION_ATTACKS } from '../../../../test/harness/saml-attacks-encrypted.js';
import { KEY_INFO_ATTACKS, RESPONSE_SIGNATURE_ATTACKS } from '../../../../test/harness/saml-attacks-responses.js';
import { UNCOVERED_ATTACKS } from '../../../../test/harness/saml-attacks-uncovered.js';
import { newSigningKey, signedResponse, truthfulParts, type SigningKey } from '../../../../test/harness/saml-idp.js';
import type { SamlConnection } from './saml-connection.js';

let key: SigningKey;
let untrusted: SigningKey;
let spKey: SigningKey;
let connection: SamlConnection;

beforeAll(async () => {
  [key, untrusted, spKey] = await Promise.all([newSigningKey(), newSigningKey(), newSigningKey()]);
  connection = testConnection('one', [key.certificate]);
});

async function attempt([, reason, make]: Attack, to = connection): Promise<void> {
  const sp = new SamlServiceProvider(to);
  const login = await sp.startLogin(to);
  const parts = truthfulParts(to, login.requestId);
  await expect(sp.receive(login, make({ login, parts, key, untrusted }))).rejects.toMatchObject({ reason });
}

describe.each([
  ['form', FORM_ATTACKS],
  ['document', DOCUMENT_ATTACKS],
  ['shape', SHAPE_ATTACKS],
  ['signature', SIGNATURE_ATTACKS],
  ['key description', KEY_INFO_ATTACKS],
  ['wrapping', WRAPPING_ATTACKS],
  ['signed response', RESPONSE_SIGNATURE_ATTACKS],
  ['statement', STATEMENT_ATTACKS],
])('rejects a hostile %s:', (_kind, attacks) => {
  it.each(attacks.map((attack) => [attack[0], attack] as const))('%s', (_name, attack) => attempt(attack));
});

describe('rejects a hostile encryption:', () => {
  it.each([...ENCRYPTION_ATTACKS, ...UNCOVERED_ATTACKS].map((attack) => [attack[0], attack] as const))(
    '%s',
    async (_name, attack) => {
      await attempt(
        attack,
        testConnection('one', [key.certificate], { wantAssertionEncrypted: true, spKeys: [spKey] }),
      );
    },
  );
});

describe('rejects a valid response', () => {
  async function truth(sp: SamlServiceProvider, to: SamlConnection = connection) {
    const login = await sp.startLogin(to);
    return { login, parts: truthfulParts(to, login.requestId) };
  }

  it('that is posted a second time', async () => {
    const sp = new SamlServiceProvider(connection);
    const { login, parts } = await truth(sp);
    const xml = signedResponse(parts, key);
    await sp.receive(login, { xml });
    await expect(sp.receive(login, { xml })).rejects.toMatchObject({ reason: 'request_unknown' });
  });

  it('in all but one of several concurrent posts', async () => {
    const sp = new SamlServiceProvider(connection);
    const { login, parts } = await truth(sp);
    const xml = signedResponse(parts, key);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => sp.receive(login, { xml })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('whose assertion was used in another response', async () => {
    const sp = new SamlServiceProvider(connection);
    const first = await truth(sp);
    await sp.receive(first.login, { xml: signedResponse(first.parts, key) });
    const second = await truth(sp);
    const again = { ...second.parts, assertionAttrs: first.parts.assertionAttrs };
    await expect(sp.receive(second.login, { xml: signedResponse(again, key) })).rejects.toMatchObject({
      reason: 'assertion_replayed',
    });
  });

  it('after a forged response to the same request', async () => {
    const sp = new SamlServiceProvider(connection);
    const { login, parts } = await truth(sp);
    await expect(sp.receive(login, { xml: signedResponse(parts, untrusted) })).rejects.toMatchObject({
      reason: 'signature_invalid',
    });
    await expect(sp.receive(login, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'request_unknown',
    });
  });

  it('in the browser of another user who started a sign-in', async () => {
    const sp = new SamlServiceProvider(connection);
    const attacker = await truth(sp);
    const victim = await truth(sp);
    const xml = signedResponse(attacker.parts, key);
    await expect(sp.receive(victim.login, { xml })).rejects.toMatchObject({ reason: 'request_unknown' });
  });

  it('for another connection to the same identity provider', async () => {
    const other = testConnection('two', [key.certificate]);
    const sp = new SamlServiceProvider([connection, other]);
    const { login, parts } = await truth(sp, other);
    const posted = { xml: signedResponse(parts, key), connectionId: connection.id };
    await expect(sp.receive(login, posted)).rejects.toMatchObject({ reason: 'destination_mismatch' });
    const undirected = { ...parts, responseAttrs: { ...parts.responseAttrs, Destination: undefined } };
    const quiet = { xml: signedResponse(undirected, key), connectionId: connection.id };
    await expect(sp.receive(login, quiet)).rejects.toMatchObject({ reason: 'request_unknown' });
  });

  it('without a response signature, if the connection requires one', async () => {
    const strict = testConnection('one', [key.certificate], { wantResponseSigned: true });
    const sp = new SamlServiceProvider(strict);
    const { login, parts } = await truth(sp, strict);
    await expect(sp.receive(login, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'response_unsigned',
    });
  });

  it('that was changed outside the assertion, if the connection requires a response signature', async () => {
    const strict = testConnection('one', [key.certificate], { wantResponseSigned: true });
    const sp = new SamlServiceProvider(strict);
    const { login, parts } = await truth(sp, strict);
    const xml = signedResponse(parts, key, 'both')
      .replace('<samlp:Status>', '<samlp:Status >')
      .replace(/ IssueInstant="[^"]*"/, ' IssueInstant="2020-01-01T00:00:00Z"');
    await expect(sp.receive(login, { xml })).rejects.toMatchObject({ reason: 'signature_invalid' });
  });

  it("without Entra ID's object id, if that identifies the user", async () => {
    const entra = testConnection('one', [key.certificate], { subject: 'entra-object' });
    const sp = new SamlServiceProvider(entra);
    const { login, parts } = await truth(sp, entra);
    await expect(sp.receive(login, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'subject_attributes_missing',
    });
  });

  it('while the sign-in store is unavailable', async () => {
    const sp = new SamlServiceProvider(connection);
    const { login, parts } = await truth(sp);
    sp.redis.gone = true;
    await expect(sp.receive(login, { xml: signedResponse(parts, key) })).rejects.toMatchObject({
      reason: 'unavailable',
    });
    await expect(sp.startLogin(connection)).rejects.toMatchObject({ reason: 'unavailable' });
  });
});
