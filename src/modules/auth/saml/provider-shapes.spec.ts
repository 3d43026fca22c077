import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryRedis, SamlServiceProvider, testConnection } from '../../../../test/harness/saml-sign-in.js';
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
let spKey: SigningKey;
beforeAll(async () => {
  [key, spKey] = await Promise.all([newSigningKey(), newSigningKey()]);
});

const connected = (more: Partial<SamlConnection> = {}): SamlConnection =>
  testConnection('one', [key.certificate], { spKeys: [spKey], ...more });

async function receive(connection: SamlConnection, make: (truth: Parts) => string) {
  const sp = new SamlServiceProvider(connection);
  const login = await sp.startLogin(connection);
  return sp.receive(login, { xml: make(truthfulParts(connection, login.requestId)) });
}

describe('a response is read in the format of', () => {
  it.each(SHAPES.map((shape) => [shape.product, shape] as const))('%s', async (_product, shape) => {
    const connection = connected({
      ...shape.settings,
      wantResponseSigned: shape.signs === 'both',
      wantAssertionEncrypted: shape.encrypts !== undefined,
    });
    const { identity } = await receive(connection, (truth) => shaped(shape, truth, connection, key));
    expect(identity).toMatchObject(shape.expected);
  });
});

describe('a response with many groups is accepted', () => {
  const TYPED =
    'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    'xsi:type="xs:string"';
  const NAMED = 'FriendlyName="" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"';
  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `department-${i}`);
  const value = (text: string): string => `<saml:AttributeValue ${TYPED}>${text}</saml:AttributeValue>`;
  const statement = (inside: string): string => `<saml:AttributeStatement>${inside}</saml:AttributeStatement>`;
  const okta = (groups: string[]): string =>
    statement(`<saml:Attribute Name="groups" ${NAMED}>${groups.map(value).join('')}</saml:Attribute>`);
  const keycloak = (groups: string[]): string =>
    statement(groups.map((group) => `<saml:Attribute Name="Role" ${NAMED}>${value(group)}</saml:Attribute>`).join(''));

  it.each([
    ['Okta, in one attribute', okta, 1200],
    ['Keycloak, in one attribute each', keycloak, 600],
  ] as const)('in the form of %s', async (_product, form, count) => {
    const { identity } = await receive(connected(), (truth) =>
      signedResponse({ ...truth, attributes: form(names(count)) }, key),
    );
    expect(identity.groups).toEqual(names(count));
  });
});

describe('a display name', () => {
  const referenced = (name: string): string => name.replaceAll(/[\t\r\n]/g, (one) => `&#${one.charCodeAt(0)};`);
  const nameOf = async (name: string): Promise<string | undefined> => {
    const attributes = attributeStatement({ mail: ['ada@example.test'], displayName: [referenced(name)] });
    return (await receive(connected(), (truth) => signedResponse({ ...truth, attributes }, key))).identity.displayName;
  };

  it('that the API would reject is cleaned by the same rule, and blocks no sign-in', async () => {
    const file = new URL('../../../../test/fixtures/display-names.json', import.meta.url);
    const names = JSON.parse(readFileSync(file, 'utf8')) as string[];
    const cleaned = await Promise.all(names.map(nameOf));
    expect(cleaned).toEqual(['gnp.exe', 'A Bcc: x@example.org', 'tab here', undefined, `${'n'.repeat(199)}😀`]);
    expect(await nameOf(`${'n'.repeat(200)}😀`)).toBe('n'.repeat(200));
  });
});

describe('an e-mail address', () => {
  const emailOf = async (mail: string): Promise<string | undefined> => {
    const attributes = attributeStatement({ mail: [mail] });
    return (await receive(connected(), (truth) => signedResponse({ ...truth, attributes }, key))).identity.email;
  };

  it('with an international domain is accepted, and one that the API does not accept is rejected', async () => {
    expect(await emailOf('ada@münchen.example')).toBe('ada@münchen.example');
    for (const mail of ['ada@localhost', '"a b"@example.test', 'ada@[127.0.0.1]', 'ada@-.example'])
      await expect(emailOf(mail)).rejects.toMatchObject({ reason: 'email_invalid' });
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
    "are accepted within the provider's scopes: %s",
    async (value) => {
      expect((await receive(scoped(), eppn(value))).identity.email).toBe(value);
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
  ])("are rejected outside the provider's scopes: %j", async (value) => {
    await expect(receive(scoped(), eppn(value))).rejects.toMatchObject({ reason: 'scope_mismatch' });
    await expect(receive(scoped(), friendly(value))).rejects.toMatchObject({ reason: 'scope_mismatch' });
  });

  it('are left out without scopes, and rejected if the connection uses them', async () => {
    expect((await receive(connected(), eppn('ada@anywhere.example'))).identity.email).toBeUndefined();
    await expect(receive({ ...scoped(), idpScopes: [] }, eppn('ada@uni.example'))).rejects.toMatchObject({
      reason: 'scope_unknown',
    });
    await expect(
      receive(connected({ emailAttribute: 'eduPersonPrincipalName' }), friendly('ada@uni.example')),
    ).rejects.toMatchObject({ reason: 'scope_unknown' });
  });
});

describe('an unsolicited response', () => {
  const idpInitiated = () => connected({ idpInitiated: true });
  const unsolicited = (connection: SamlConnection, change: Partial<Parts> = {}): Parts => {
    const truth = truthfulParts(connection, '');
    return {
      ...truth,
      responseAttrs: { ...truth.responseAttrs, InResponseTo: undefined },
      confirmations: confirmation({ Recipient: connection.acsUrl, NotOnOrAfter: instant(300) }),
      ...change,
    };
  };
  const receiveUnsolicited = (connection: SamlConnection, parts: Parts, cookie = '') => {
    const sp = new SamlServiceProvider(connection);
    return sp.receive({ connection, requestId: '', cookie, url: '' }, { xml: signedResponse(parts, key) });
  };

  it('is accepted if the connection allows it, and always leads to the start page', async () => {
    const connection = idpInitiated();
    const form = {
      SAMLResponse: Buffer.from(signedResponse(unsolicited(connection), key)).toString('base64'),
      RelayState: 'https://evil.test/',
    };
    const verified = await new SamlServiceProvider(connection).receive(
      { connection, requestId: '', cookie: '', url: '' },
      { body: form },
    );
    expect([verified.returnTo, verified.identity.email]).toEqual(['/', 'ada@example.test']);
  });

  it('is rejected if the connection does not allow it', async () => {
    await expect(receiveUnsolicited(connected(), unsolicited(connected()))).rejects.toMatchObject({
      reason: 'response_unsolicited',
    });
  });

  it('is accepted once', async () => {
    const connection = idpInitiated();
    const sp = new SamlServiceProvider(connection);
    const posted = { xml: signedResponse(unsolicited(connection), key) };
    const login = { connection, requestId: '', cookie: '', url: '' };
    await sp.receive(login, posted);
    await expect(sp.receive(login, posted)).rejects.toMatchObject({ reason: 'assertion_replayed' });
  });

  it('must be at most a few minutes old', async () => {
    const issued = (seconds: number) => ({
      assertionAttrs: { ID: '_a', Version: '2.0', IssueInstant: instant(seconds) },
    });
    expect(await receiveUnsolicited(idpInitiated(), unsolicited(idpInitiated(), issued(-170)))).toBeDefined();
    await expect(receiveUnsolicited(idpInitiated(), unsolicited(idpInitiated(), issued(-250)))).rejects.toMatchObject({
      reason: 'assertion_too_old',
    });
  });

  it('must not contain a confirmation for a request', async () => {
    const inside = confirmation({
      Recipient: idpInitiated().acsUrl,
      NotOnOrAfter: instant(300),
      InResponseTo: '_other',
    });
    await expect(
      receiveUnsolicited(idpInitiated(), unsolicited(idpInitiated(), { confirmations: inside })),
    ).rejects.toMatchObject({
      reason: 'in_response_to_mismatch',
    });
  });

  it('must have a new authentication if the connection requires one', async () => {
    const strict = { ...idpInitiated(), forceAuthn: true };
    await expect(
      receiveUnsolicited(strict, unsolicited(strict, { authn: authnStatement({ AuthnInstant: instant(-600) }) })),
    ).rejects.toMatchObject({ reason: 'authentication_stale' });
  });

  it('does not consume a pending request of the browser', async () => {
    const connection = idpInitiated();
    const sp = new SamlServiceProvider(connection);
    const login = await sp.startLogin(connection, '/people');
    expect((await sp.receive(login, { xml: signedResponse(unsolicited(connection), key) })).returnTo).toBe('/');
    const response = signedResponse(
      { ...truthfulParts(connection, login.requestId), nameId: nameId('subject-1') },
      key,
    );
    expect((await sp.receive(login, { xml: response })).returnTo).toBe('/people');
  });

  it('excludes a response that names a request, even in its confirmation only', async () => {
    const connection = idpInitiated();
    const truth = truthfulParts(connection, '_guess');
    await expect(receiveUnsolicited(connection, truth)).rejects.toMatchObject({ reason: 'browser_binding_missing' });
    await expect(
      receiveUnsolicited(connection, { ...truth, responseAttrs: { ...truth.responseAttrs, InResponseTo: undefined } }),
    ).rejects.toMatchObject({ reason: 'in_response_to_mismatch' });
  });
});

describe('an outgoing form', () => {
  it('is returned once, and only to the browser that it was made for', async () => {
    const forms = new OutgoingForms(new MemoryRedis());
    const form = { action: 'https://idp.example.test/sso', fields: { SAMLRequest: 'AAAA' } };
    await forms.store('ticket', 'browser', form);
    await expect(forms.consume('ticket', 'another')).rejects.toMatchObject({ reason: 'request_unknown' });
    expect(await forms.consume('ticket', 'browser')).toEqual(form);
    await expect(forms.consume('ticket', 'browser')).rejects.toMatchObject({ reason: 'request_unknown' });
  });
});

describe('connections', () => {
  it('accept only their own responses, even with shared certificates and entity ids', async () => {
    const next = await newSigningKey();
    const all = [
      testConnection('a', [key.certificate]),
      testConnection('b', [key.certificate]),
      testConnection('c', [key.certificate, next.certificate], { idpInitiated: true }),
      testConnection('d', [next.certificate]),
      testConnection('e', [key.certificate], { idpEntityId: 'https://other.example.test/metadata' }),
      testConnection('f', [key.certificate], { idpInitiated: true, spKeys: [spKey] }),
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
          const sp = new SamlServiceProvider(all);
          const login = await sp.startLogin(from);
          const truth = truthfulParts(from, login.requestId);
          const xml = signedResponse(
            directed ? truth : { ...truth, responseAttrs: { ...truth.responseAttrs, Destination: undefined } },
            by,
          );
          await sp.receive(login, { xml, connectionId: to.id }).then(
            () => accepted.push(`${from.id} at ${to.id}`),
            () => undefined,
          );
        }
      }
    }
    expect(new Set(accepted)).toEqual(new Set(all.map(({ id }) => `${id} at ${id}`)));
  });
});
