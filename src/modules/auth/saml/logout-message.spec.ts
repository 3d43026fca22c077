import { createSign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { withPrefixes } from '../../../../test/harness/saml-load.js';
import { testConnection } from '../../../../test/harness/saml-sign-in.js';
import { encrypted } from '../../../../test/harness/saml-encryption.js';
import {
  instant,
  logoutXml,
  nameId,
  newSigningKey,
  redirectQuery,
  responseXml,
  sign,
  status,
  truthfulLogout,
  truthfulParts,
  type LogoutParts,
  type SignatureChoices,
  type SigningKey,
} from '../../../../test/harness/saml-idp.js';
import { readLogoutMessage, type IncomingLogout, type LogoutMessage } from './logout-message.js';
import type { SamlConnection } from './saml-connection.js';

let key: SigningKey;
let untrusted: SigningKey;
let connection: SamlConnection;
beforeAll(async () => {
  [key, untrusted] = await Promise.all([newSigningKey(), newSigningKey()]);
  connection = testConnection('one', [key.certificate], { idpSloUrl: 'https://idp.example.test/logout' });
});

const request = (change: Partial<LogoutParts> = {}): string =>
  logoutXml('LogoutRequest', { ...truthfulLogout(connection), ...change });
const withAttributes = (more: Record<string, string | undefined>): string =>
  request({ attrs: { ...truthfulLogout(connection).attrs, ...more } });
const inQuery = (rawQuery: string): IncomingLogout => ({ rawQuery, query: {} });
const posted = (xml: string, more: object = {}): IncomingLogout => ({
  rawQuery: '',
  query: {},
  body: { SAMLRequest: Buffer.from(xml).toString('base64'), ...more },
});
const signed = (xml: string, choices?: SignatureChoices, by = key): IncomingLogout =>
  posted(sign(xml, '_logout', by, choices));
const redirected = (xml: string, options?: Parameters<typeof redirectQuery>[3], by = key): IncomingLogout =>
  inQuery(redirectQuery('SAMLRequest', xml, by, options));
const read = (incoming: IncomingLogout): LogoutMessage => readLogoutMessage(incoming, connection, Date.now());

function rejection(incoming: IncomingLogout): string {
  try {
    read(incoming);
    return 'accepted';
  } catch (error) {
    return (error as { reason?: string }).reason ?? String(error);
  }
}

describe('readLogoutMessage', () => {
  it.each<[string, () => IncomingLogout]>([
    ['by redirect', () => redirected(request())],
    ['by redirect with SHA-512', () => redirected(request(), { algorithm: 'rsa-sha512' })],
    ['by redirect, with an unusual encoding of RelayState', () => redirected(request(), { relayState: 'a%2fb+c%20d' })],
    [
      'by redirect, with its parameters in another order',
      () => inQuery(redirected(request()).rawQuery.split('&').toReversed().join('&')),
    ],
    ['by post', () => signed(request())],
    [
      'by post, with a RelayState',
      () => ({ ...signed(request()), body: { ...(signed(request()).body as object), RelayState: 'x' } }),
    ],
    ['without an expiry', () => redirected(withAttributes({ NotOnOrAfter: undefined }))],
  ])('accepts a signed request %s', (_name, make) => {
    expect(read(make())).toMatchObject({
      kind: 'LogoutRequest',
      id: '_logout',
      nameId: { value: 'subject-1' },
      sessions: ['_session'],
    });
  });

  it('accepts a request for all sessions of a user, and one for several', () => {
    const of = (inside: string) => (read(redirected(request({ inside }))) as { sessions: readonly string[] }).sessions;
    expect(of(nameId('subject-1'))).toEqual([]);
    expect(
      of(`${nameId('subject-1')}<samlp:SessionIndex>a</samlp:SessionIndex><samlp:SessionIndex>b</samlp:SessionIndex>`),
    ).toEqual(['a', 'b']);
  });

  it('accepts a signed response and returns whether the logout succeeded', () => {
    const response = (inside: string) =>
      read(
        inQuery(
          redirectQuery(
            'SAMLResponse',
            logoutXml('LogoutResponse', {
              ...truthfulLogout(connection),
              attrs: { ...truthfulLogout(connection).attrs, InResponseTo: '_request' },
              inside,
            }),
            key,
          ),
        ),
      );
    expect(response(status('Success'))).toMatchObject({
      kind: 'LogoutResponse',
      inResponseTo: '_request',
      success: true,
    });
    expect(response(status('Responder', 'PartialLogout'))).toMatchObject({ success: false });
  });

  const without = (name: string) => inQuery(redirected(request()).rawQuery.replace(new RegExp(`&?${name}=[^&]*`), ''));
  it.each<[string, string, () => IncomingLogout]>([
    ['no message', 'parameter_missing', () => inQuery('RelayState=x')],
    ['no signature in the URL', 'message_unsigned', () => without('Signature')],
    ['no algorithm in the URL', 'message_unsigned', () => without('SigAlg')],
    ['no signature in the form', 'message_unsigned', () => posted(request())],
    ['a signature in the form by an untrusted key', 'signature_invalid', () => signed(request(), {}, untrusted)],
    ['a signature in the URL by an untrusted key', 'signature_invalid', () => redirected(request(), {}, untrusted)],
    ['SHA-1 in the URL', 'signature_algorithm', () => redirected(request(), { algorithm: 'rsa-sha1' })],
    ['MD5 in the URL', 'signature_algorithm', () => redirected(request(), { algorithm: 'rsa-md5' })],
    [
      'an algorithm called constructor',
      'signature_algorithm',
      () => inQuery(redirected(request()).rawQuery.replace(/SigAlg=[^&]*/, 'SigAlg=constructor')),
    ],
    [
      'SHA-1 in the form',
      'signature_algorithm',
      () => signed(request(), { signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }),
    ],
    [
      'a SHA-1 digest in the form',
      'digest_algorithm',
      () => signed(request(), { digest: 'http://www.w3.org/2000/09/xmldsig#sha1' }),
    ],
    ['an unsigned RelayState', 'signature_invalid', () => inQuery(`${redirected(request()).rawQuery}&RelayState=x`)],
    [
      'a removed RelayState',
      'signature_invalid',
      () => inQuery(redirected(request(), { relayState: 'x' }).rawQuery.replace('&RelayState=x', '')),
    ],
    [
      'another encoding of the message',
      'signature_invalid',
      () => inQuery(redirected(request()).rawQuery.replace(/%3D|%2B|%2F/, (code) => code.toLowerCase())),
    ],
    ['the message twice', 'parameter_duplicated', () => inQuery(`${redirected(request()).rawQuery}&SAMLRequest=AAAA`)],
    ['the algorithm twice', 'parameter_duplicated', () => inQuery(`${redirected(request()).rawQuery}&SigAlg=x`)],
    [
      'a request and a response',
      'parameter_unexpected',
      () => inQuery(`${redirected(request()).rawQuery}&SAMLResponse=AAAA`),
    ],
    ['an unknown parameter', 'parameter_unexpected', () => inQuery(`${redirected(request()).rawQuery}&a=b`)],
    [
      'a parameter in another letter case',
      'parameter_unexpected',
      () => inQuery(`${redirected(request()).rawQuery}&samlrequest=AAAA`),
    ],
    [
      'a message in the form and in the URL',
      'parameter_unexpected',
      () => ({ ...signed(request()), query: { SAMLRequest: 'AAAA' } }),
    ],
    [
      'a form with a request and a response',
      'parameter_unexpected',
      () => posted(sign(request(), '_logout', key), { SAMLResponse: 'AAAA' }),
    ],
    [
      'a message that is not deflated',
      'not_deflated',
      () => inQuery(signedOver(Buffer.from(request()).toString('base64'))),
    ],
    ['a message that is not base64', 'not_base64', () => inQuery(signedOver('***'))],
    [
      'a compression bomb of 200 MB',
      'too_large',
      () => inQuery(signedOver(deflateRawSync(Buffer.alloc(200 * 1024 * 1024)).toString('base64'))),
    ],
    ['20 000 nested elements', 'xml_too_deep', () => redirected('<a>'.repeat(20_000))],
    ['a DOCTYPE', 'xml_doctype', () => redirected(`<!DOCTYPE a>${request()}`)],
    [
      'a signed sign-in response',
      'not_a_logout_message',
      () => inQuery(redirectQuery('SAMLResponse', responseXml(truthfulParts(connection, '_r'), ''), key)),
    ],
    [
      'a response in the parameter of a request',
      'not_a_logout_message',
      () => redirected(request().replaceAll('LogoutRequest', 'LogoutResponse')),
    ],
    [
      'an enveloped signature in a redirect message',
      'signature_misplaced',
      () => redirected(sign(request(), '_logout', untrusted)),
    ],
    [
      'a signature in another element',
      'signature_misplaced',
      () =>
        posted(
          sign(request(), '_logout', key).replace(
            /(<ds:Signature .*<\/ds:Signature>)(.*)(<\/samlp:LogoutRequest>)/,
            '$2<samlp:Extensions>$1</samlp:Extensions>$3',
          ),
        ),
    ],
    [
      '51 namespaces in scope of one element',
      'xml_too_many_nodes',
      () => posted(withPrefixes(sign(request(), '_logout', untrusted), 'samlp:LogoutRequest', 49, '')),
    ],
    [
      'a list of 80,000 prefixes',
      'transform',
      () =>
        posted(
          withPrefixes(
            sign(request(), '_logout', untrusted),
            'samlp:LogoutRequest',
            40,
            Array(80_000).fill('k0').join(' '),
          ),
        ),
    ],
    ['the signed request inside a forged one', 'signature_reference', () => posted(wrapped())],
    [
      'a NameID changed after signing',
      'signature_invalid',
      () => posted(sign(request(), '_logout', key).replace('>subject-1<', '>subject-2<')),
    ],
    [
      'another issuer',
      'issuer_mismatch',
      () => redirected(request({ issuer: '<saml:Issuer>https://evil.example.test</saml:Issuer>' })),
    ],
    ['no issuer', 'issuer_mismatch', () => redirected(request({ issuer: '' }))],
    [
      'another destination',
      'destination_mismatch',
      () => redirected(withAttributes({ Destination: connection.acsUrl })),
    ],
    ['no destination', 'destination_mismatch', () => redirected(withAttributes({ Destination: undefined }))],
    [
      'an old request',
      'message_expired',
      () => redirected(withAttributes({ IssueInstant: instant(-300), NotOnOrAfter: undefined })),
    ],
    ['an expired request', 'message_expired', () => redirected(withAttributes({ NotOnOrAfter: instant(-90) }))],
    [
      'an issue time in the future',
      'issued_in_future',
      () => redirected(withAttributes({ IssueInstant: instant(90) })),
    ],
    ['no issue time', 'time_malformed', () => redirected(withAttributes({ IssueInstant: undefined }))],
    ['SAML 1.1', 'version_unsupported', () => redirected(withAttributes({ Version: '1.1' }))],
    ['no identifier', 'id_missing', () => redirected(withAttributes({ ID: undefined }))],
    ['no NameID', 'name_id_missing', () => redirected(request({ inside: '' }))],
    [
      'two NameIDs',
      'name_id_missing',
      () => redirected(request({ inside: nameId('subject-1') + nameId('subject-2') })),
    ],
    [
      'an encrypted NameID',
      'id_encrypted',
      () => redirected(request({ inside: encrypted(nameId('subject-1'), untrusted.certificate, {}, 'EncryptedID') })),
    ],
    [
      'a response without a request id',
      'in_response_to_mismatch',
      () =>
        inQuery(
          redirectQuery(
            'SAMLResponse',
            logoutXml('LogoutResponse', { ...truthfulLogout(connection), inside: status('Success') }),
            key,
          ),
        ),
    ],
  ])('rejects %s', (_name, reason, make) => expect(rejection(make())).toBe(reason));

  /** Returns a query with this text as its message and a valid signature. */
  function signedOver(message: string): string {
    const valid = redirectQuery('SAMLRequest', request(), key);
    const query = `SAMLRequest=${encodeURIComponent(message)}&${valid.split('&')[1]}`;
    return (
      `${query}&Signature=` + encodeURIComponent(createSign('RSA-SHA256').update(query).sign(key.privateKey, 'base64'))
    );
  }

  function wrapped(): string {
    const truth = sign(request(), '_logout', key);
    const signature = /<ds:Signature .*<\/ds:Signature>/.exec(truth)![0];
    const inner = truth.replace(signature, '');
    const forged = request({ inside: nameId('subject-2') }).replace('_logout', '_evil');
    return forged.replace('</saml:Issuer>', `</saml:Issuer>${signature}<samlp:Extensions>${inner}</samlp:Extensions>`);
  }
});
