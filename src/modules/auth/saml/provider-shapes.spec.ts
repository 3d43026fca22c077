import { beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryRedis, SamlDoor, testConnection } from '../../../../test/harness/saml-sign-in.js';
import {
  attributeStatement,
  authnStatement,
  confirmation,
  instant,
  nameId,
  newSigningKey,
  signedResponse,
  truthfulParts,
  type Parts,
  type SigningKey,
} from '../../../../test/harness/saml-idp.js';
import { shaped, SHAPES } from '../../../../test/harness/saml-shapes.js';
import { OutgoingForms } from './saml-stores.js';
import type { SamlConnection } from './saml-connection.js';

let key: SigningKey;
let ours: SigningKey;
beforeAll(async () => {
  [key, ours] = await Promise.all([newSigningKey(), newSigningKey()]);
});

const connected = (more: Partial<SamlConnection> = {}): SamlConnection =>
  testConnection('one', [key.certificate], { spKeys: [ours], ...more });

async function arrive(connection: SamlConnection, make: (truth: Parts) => string) {
  const door = new SamlDoor(connection);
  const departed = await door.depart(connection);
  return door.arrive(departed, { xml: make(truthfulParts(connection, departed.requestId)) });
}

describe('an answer is understood as it comes from', () => {
  it.each(SHAPES.map((shape) => [shape.product, shape] as const))('%s', async (_product, shape) => {
    const connection = connected({
      ...shape.settings,
      wantResponseSigned: shape.signs === 'both',
      wantAssertionEncrypted: shape.encrypts !== undefined,
    });
    const { identity } = await arrive(connection, (truth) => shaped(shape, truth, connection, key));
    expect(identity).toMatchObject(shape.expected);
  });
});

describe('scoped attributes', () => {
  const eppn =
    (value: string) =>
    (truth: Parts): string =>
      signedResponse(
        { ...truth, attributes: attributeStatement({ 'urn:oid:1.3.6.1.4.1.5923.1.1.1.6': [value] }) },
        key,
      );
  const friendly =
    (value: string) =>
    (truth: Parts): string =>
      signedResponse(
        {
          ...truth,
          attributes: attributeStatement({ 'urn:x:1': [value] }).replace(
            'Name="urn:x:1"',
            'Name="urn:x:1" FriendlyName="eduPersonPrincipalName"',
          ),
        },
        key,
      );
  const scoped = () =>
    connected({ idpScopes: ['uni.example', 'med.uni.example'], emailAttribute: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.6' });

  it.each(['ada@uni.example', 'ada@MED.Uni.example'])(
    "are believed within the provider's scopes: %s",
    async (value) => {
      expect((await arrive(scoped(), eppn(value))).identity.email).toBe(value);
    },
  );

  it.each([
    'ada@other.example',
    'ada@evil.uni.example',
    'ada@uni.example.evil.test',
    'ada',
    'ada@',
    'ada@uni.example@evil.test',
    'ada@evil.test@uni.example',
    '@',
    '',
  ])('are refused outside of them: %j', async (value) => {
    await expect(arrive(scoped(), eppn(value))).rejects.toMatchObject({ reason: 'scope_mismatch' });
    await expect(arrive(scoped(), friendly(value))).rejects.toMatchObject({ reason: 'scope_mismatch' });
  });

  it('are left out where no scopes were given, and refused where the connection relies on them', async () => {
    expect((await arrive(connected(), eppn('ada@anywhere.example'))).identity.email).toBeUndefined();
    await expect(arrive({ ...scoped(), idpScopes: [] }, eppn('ada@uni.example'))).rejects.toMatchObject({
      reason: 'scope_unknown',
    });
    await expect(
      arrive(connected({ emailAttribute: 'eduPersonPrincipalName' }), friendly('ada@uni.example')),
    ).rejects.toMatchObject({ reason: 'scope_unknown' });
  });
});

describe('an answer to no request', () => {
  const open = () => connected({ idpInitiated: true });
  const unasked = (connection: SamlConnection, change: Partial<Parts> = {}): Parts => {
    const truth = truthfulParts(connection, '');
    return {
      ...truth,
      responseAttrs: { ...truth.responseAttrs, InResponseTo: undefined },
      confirmations: confirmation({ Recipient: connection.acsUrl, NotOnOrAfter: instant(300) }),
      ...change,
    };
  };
  const come = (connection: SamlConnection, parts: Parts, cookie = '') => {
    const door = new SamlDoor(connection);
    return door.arrive({ connection, requestId: '', cookie, url: '' }, { xml: signedResponse(parts, key) });
  };

  it('is heard where the connection says so, and leads to the start page whatever it asks for', async () => {
    const connection = open();
    const form = {
      SAMLResponse: Buffer.from(signedResponse(unasked(connection), key)).toString('base64'),
      RelayState: 'https://evil.test/',
    };
    const arrival = await new SamlDoor(connection).arrive(
      { connection, requestId: '', cookie: '', url: '' },
      { body: form },
    );
    expect([arrival.returnTo, arrival.identity.email]).toEqual(['/', 'ada@example.test']);
  });

  it('is refused where it does not say so', async () => {
    await expect(come(connected(), unasked(connected()))).rejects.toMatchObject({ reason: 'response_unsolicited' });
  });

  it('is heard once', async () => {
    const connection = open();
    const door = new SamlDoor(connection);
    const posted = { xml: signedResponse(unasked(connection), key) };
    const departed = { connection, requestId: '', cookie: '', url: '' };
    await door.arrive(departed, posted);
    await expect(door.arrive(departed, posted)).rejects.toMatchObject({ reason: 'assertion_replayed' });
  });

  it('must be minutes old at most', async () => {
    const issued = (seconds: number) => ({
      assertionAttrs: { ID: '_a', Version: '2.0', IssueInstant: instant(seconds) },
    });
    expect(await come(open(), unasked(open(), issued(-170)))).toBeDefined();
    await expect(come(open(), unasked(open(), issued(-250)))).rejects.toMatchObject({ reason: 'assertion_too_old' });
  });

  it('must not carry an answer to some request within', async () => {
    const inside = confirmation({ Recipient: open().acsUrl, NotOnOrAfter: instant(300), InResponseTo: '_somebodys' });
    await expect(come(open(), unasked(open(), { confirmations: inside }))).rejects.toMatchObject({
      reason: 'in_response_to_mismatch',
    });
  });

  it('must be of a fresh sign-in where the connection wants those', async () => {
    const strict = { ...open(), forceAuthn: true };
    await expect(
      come(strict, unasked(strict, { authn: authnStatement({ AuthnInstant: instant(-600) }) })),
    ).rejects.toMatchObject({ reason: 'authentication_stale' });
  });

  it('leaves the request that the browser is waiting on for its own answer', async () => {
    const connection = open();
    const door = new SamlDoor(connection);
    const departed = await door.depart(connection, '/people');
    expect((await door.arrive(departed, { xml: signedResponse(unasked(connection), key) })).returnTo).toBe('/');
    const answer = signedResponse(
      { ...truthfulParts(connection, departed.requestId), nameId: nameId('subject-1') },
      key,
    );
    expect((await door.arrive(departed, { xml: answer })).returnTo).toBe('/people');
  });

  it('does not become one by an answer that names no request, or one that is not pending', async () => {
    const connection = open();
    const truth = truthfulParts(connection, '_guess');
    await expect(come(connection, truth)).rejects.toMatchObject({ reason: 'browser_binding_missing' });
    await expect(
      come(connection, { ...truth, responseAttrs: { ...truth.responseAttrs, InResponseTo: undefined } }),
    ).rejects.toMatchObject({ reason: 'in_response_to_mismatch' });
  });
});

describe('a form of ours', () => {
  it('is shown once, and to the browser that it was made for', async () => {
    const forms = new OutgoingForms(new MemoryRedis());
    const form = { action: 'https://idp.example.test/sso', fields: { SAMLRequest: 'AAAA' } };
    await forms.store('ticket', 'browser', form);
    await expect(forms.consume('ticket', 'another')).rejects.toMatchObject({ reason: 'request_unknown' });
    expect(await forms.consume('ticket', 'browser')).toEqual(form);
    await expect(forms.consume('ticket', 'browser')).rejects.toMatchObject({ reason: 'request_unknown' });
  });
});

describe('connections', () => {
  it('never hear what was said to another: each answer to each connection, whatever they share', async () => {
    const next = await newSigningKey();
    const all = [
      testConnection('a', [key.certificate]),
      testConnection('b', [key.certificate]),
      testConnection('c', [key.certificate, next.certificate], { idpInitiated: true }),
      testConnection('d', [next.certificate]),
      testConnection('e', [key.certificate], { idpEntityId: 'https://other.example.test/metadata' }),
      testConnection('f', [key.certificate], { idpInitiated: true, spKeys: [ours] }),
    ];
    const accepted: string[] = [];
    for (const from of all) {
      for (const to of all) {
        for (const [by, directed] of [
          [key, true],
          [key, false],
          [next, true],
          [next, false],
        ] as const) {
          const door = new SamlDoor(...all);
          const departed = await door.depart(from);
          const truth = truthfulParts(from, departed.requestId);
          const xml = signedResponse(
            directed ? truth : { ...truth, responseAttrs: { ...truth.responseAttrs, Destination: undefined } },
            by,
          );
          await door.arrive(departed, { xml, connectionId: to.id }).then(
            () => accepted.push(`${from.id} at ${to.id}`),
            () => undefined,
          );
        }
      }
    }
    expect(new Set(accepted)).toEqual(new Set(all.map(({ id }) => `${id} at ${id}`)));
  });
});
