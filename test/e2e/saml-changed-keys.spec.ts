import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RefreshClaims } from '../../src/modules/auth/saml/saml-stores.js';
import { serviceProviderUrls, type SamlConnection } from '../../src/modules/auth/saml/saml-connection.js';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { postSaml } from '../harness/identity-provider.js';
import { MetadataServer, metadataOf } from '../harness/metadata-server.js';
import {
  logoutXml,
  nameId,
  newSigningKey,
  redirectQuery,
  signedResponse,
  truthfulLogout,
  truthfulParts,
  type SigningKey,
} from '../harness/saml-idp.js';
import { CBC_256, type EncryptionChoices, withEncrypted } from '../harness/saml-encryption.js';
import { testConnection } from '../harness/saml-sign-in.js';

const PUBLIC = 'http://127.0.0.1:3000';
const ENTITY = 'https://idp.example.test/metadata';

let harness: Harness;
let publisher: MetadataServer;
let known: SigningKey;
let next: SigningKey;
let foreign: SigningKey;
let asked = 0;
let count = 0;

beforeAll(async () => {
  [harness, publisher, [known, next, foreign]] = await Promise.all([
    Harness.start(),
    MetadataServer.start(),
    Promise.all([newSigningKey(), newSigningKey(), newSigningKey()]),
  ]);
  publisher.asked = async () => void (asked += 1);
});
afterAll(() => Promise.all([harness.stop(), publisher.stop()]));
beforeEach(() => publisher.publish(ENTITY, known));

/** Creates a connection that knows the key `known`. Resets the count of requests to the provider. */
async function connect(settings: object = { metadataUrl: publisher.url }): Promise<SamlConnection> {
  const orgId = await harness.make.organization('gme');
  const { id } = await harness.operator.within(orgId, () =>
    harness.operator.app.get(SsoSetupService).create({ name: 'Test', defaultRole: 'mentor', ...settings }),
  );
  asked = 0;
  return { ...testConnection(id, [known.certificate]), ...serviceProviderUrls(PUBLIC, id), id, orgId };
}

/** Starts a sign-in in the browser and returns the form that the provider posts, signed with a key. */
async function answer(connection: SamlConnection, client: Client, key: SigningKey) {
  const { headers } = await client.get(`/v1/sso/saml/${connection.id}/login`);
  const request = new URL(headers.get('location')!).searchParams.get('SAMLRequest')!;
  const id = /ID="(_\w+)"/.exec(inflateRawSync(Buffer.from(request, 'base64')).toString())![1]!;
  const parts = truthfulParts(connection, id);
  const own = { ...parts, assertionAttrs: { ...parts.assertionAttrs, ID: `_a${(count += 1)}` } };
  return { SAMLResponse: Buffer.from(signedResponse(own, key)).toString('base64') };
}
const signIn = async (connection: SamlConnection, key: SigningKey, client = harness.client()) =>
  (await postSaml(client, connection.id, await answer(connection, client, key))).status;

const events = ({ orgId }: SamlConnection) =>
  harness.database.superuser<{ type: string; outcome: string; actor: string; reason: string | null }>(
    `SELECT type, outcome, actor_type AS actor, meta ->> 'reason' AS reason FROM audit_events
      WHERE org_id = $1 AND type ~ '^sso[.](certificate|metadata)_' ORDER BY type`,
    [orgId],
  );
const stored = async ({ id }: SamlConnection) =>
  (
    await harness.database.superuser<{ certificates: string[]; error: string | null }>(
      'SELECT idp_certificates AS certificates, metadata_error AS error FROM sso_connections WHERE id = $1',
      [id],
    )
  )[0]!;

describe('a response whose signature no known key fits', () => {
  it('is accepted with the key that the provider publishes now, and the change is recorded', async () => {
    const connection = await connect();
    publisher.publish(ENTITY, next);
    const client = harness.client();
    const form = await answer(connection, client, next);
    expect((await postSaml(client, connection.id, form)).status).toBe(303);
    expect((await client.get('/v1/auth/me')).status).toBe(200);
    expect([asked, (await stored(connection)).certificates.length]).toEqual([1, 1]);
    expect(await events(connection)).toEqual([
      { type: 'sso.certificate_added', outcome: 'success', actor: 'system', reason: null },
      { type: 'sso.certificate_removed', outcome: 'success', actor: 'system', reason: null },
    ]);
    // the old key is no longer trusted, and the request was consumed once
    expect(await signIn(connection, known)).toBe(403);
    expect((await postSaml(client, connection.id, form)).status).toBe(403);
  });

  it('is accepted for every user who arrives at the same moment', async () => {
    const connection = await connect();
    publisher.publish(ENTITY, known, next);
    const clients = Array.from({ length: 5 }, () => harness.client());
    const forms = await Promise.all(clients.map((client) => answer(connection, client, next)));
    const statuses = await Promise.all(
      clients.map(async (client, i) => (await postSaml(client, connection.id, forms[i]!)).status),
    );
    expect([statuses, asked]).toEqual([[303, 303, 303, 303, 303], 1]);
  });

  it('causes one request a minute, however many forgeries arrive, over all processes', async () => {
    const connection = await connect();
    const statuses = await Promise.all(Array.from({ length: 10 }, () => signIn(connection, foreign)));
    expect([new Set(statuses), asked]).toEqual([new Set([403]), 1]);
    const another = await connect();
    await harness.worker.get(RefreshClaims).claim(another.id); // another process refreshed a moment ago
    publisher.publish(ENTITY, next);
    expect([await signIn(another, next), asked]).toEqual([403, 0]);
  });

  it('keeps the known keys when the metadata is unavailable or of another provider', async () => {
    for (const [publish, reason] of [
      [() => publisher.publish('https://other.example.test', foreign), 'entity_id_changed'],
      [() => (publisher.status = 503), 'status_unexpected'],
    ] as const) {
      publisher.publish(ENTITY, known);
      const connection = await connect();
      publish();
      expect(await signIn(connection, foreign)).toBe(403);
      const { certificates, error } = await stored(connection);
      expect([certificates.length, error, await events(connection)]).toEqual([
        1,
        reason,
        [{ type: 'sso.metadata_refreshed', outcome: 'failure', actor: 'system', reason }],
      ]);
      expect(await signIn(connection, known)).toBe(303);
    }
  });

  it('is rejected on a connection without a metadata URL', async () => {
    const connection = await connect({ metadata: metadataOf(ENTITY, [known]) });
    publisher.publish(ENTITY, next);
    expect([await signIn(connection, next), asked]).toEqual([403, 0]);
  });

  it('does not clear the test sign-in, which a changed setting clears', async () => {
    const connection = await connect();
    await harness.database.superuser('UPDATE sso_connections SET tested_at = now() WHERE id = $1', [connection.id]);
    publisher.publish(ENTITY, next);
    expect(await signIn(connection, next)).toBe(303);
    const [row] = await harness.database.superuser('SELECT tested_at FROM sso_connections WHERE id = $1', [
      connection.id,
    ]);
    expect(row!['tested_at']).not.toBeNull();
  });
});

describe('a response that cannot be decrypted or verified, because AES-CBC hides the reason', () => {
  const encrypting = () => connect({ metadataUrl: publisher.url, wantAssertionEncrypted: true });
  const sealed = async (
    connection: SamlConnection,
    client: Client,
    key: SigningKey,
    choices: EncryptionChoices = {},
  ) => {
    const { SAMLResponse } = await answer(connection, client, key);
    const [row] = await harness.database.superuser<{ certificates: string[] }>(
      'SELECT sp_certificates AS certificates FROM sso_connections WHERE id = $1',
      [connection.id],
    );
    const xml = Buffer.from(SAMLResponse, 'base64').toString();
    const made = withEncrypted(xml, row!.certificates[0]!, { content: CBC_256, ...choices });
    return { SAMLResponse: Buffer.from(made).toString('base64') };
  };

  it('is accepted with the key that the provider publishes now', async () => {
    const connection = await encrypting();
    publisher.publish(ENTITY, next);
    const client = harness.client();
    const form = await sealed(connection, client, next);
    expect([(await postSaml(client, connection.id, form)).status, asked]).toEqual([303, 1]);
  });

  it.each([
    ['with another key', () => foreign, {}],
    ['with changed octets', () => known, { spoil: (octets: Buffer) => octets.fill(0, 64, 80) }],
    ['with a changed padding', () => known, { spoil: (octets: Buffer) => octets.fill(0, octets.length - 16) }],
  ] as const)('%s causes the same one request to the provider and the same answer', async (_name, key, choices) => {
    const connection = await encrypting();
    const client = harness.client();
    const form = await sealed(connection, client, key(), choices);
    const { status, body } = await postSaml(client, connection.id, form);
    expect([status, body.code, asked]).toEqual([403, 'sso_failed', 1]);
  });
});

describe('a logout request whose signature no known key fits', () => {
  it('ends the session with the key that the provider publishes now', async () => {
    const withLogout = (key: SigningKey) =>
      metadataOf(ENTITY, [key]).replace(
        '<SingleSignOnService',
        '<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" ' +
          'Location="https://idp.test.example/slo"/><SingleSignOnService',
      );
    publisher.body = withLogout(known);
    const connection = await connect();
    const client = harness.client();
    expect(await signIn(connection, known, client)).toBe(303);
    publisher.body = withLogout(next);
    const message = truthfulLogout(connection);
    const query = redirectQuery(
      'SAMLRequest',
      logoutXml('LogoutRequest', { ...message, inside: nameId('subject-1') }),
      next,
    );
    expect((await harness.client().get(`/v1/sso/saml/${connection.id}/logout?${query}`)).status).toBe(303);
    expect([(await client.get('/v1/auth/me')).status, asked]).toEqual([401, 1]);
  });
});

describe('raw SQL', () => {
  it("stores no keys without the connection's secret", async () => {
    const connection = await connect();
    const before = await stored(connection);
    const [row] = await harness.database.superuser<{ stored: boolean }>(
      `SELECT stored FROM app.refresh_sso_connection($1, '\\x00', $2, $3, '{"idp_certificates": ["forged"]}')`,
      [connection.id, publisher.url, before.certificates],
    );
    expect([row!.stored, await stored(connection)]).toEqual([false, before]);
  });
});
