import { createSign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
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
let strange: SigningKey;
let connection: SamlConnection;
beforeAll(async () => {
  [key, strange] = await Promise.all([newSigningKey(), newSigningKey()]);
  connection = testConnection('one', [key.certificate], { idpSloUrl: 'https://idp.example.test/logout' });
});

const request = (change: Partial<LogoutParts> = {}): string =>
  logoutXml('LogoutRequest', { ...truthfulLogout(connection), ...change });
const about = (more: Record<string, string | undefined>): string =>
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

function refusal(incoming: IncomingLogout): string {
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
    [
      'by redirect, with a RelayState spelled in its own way',
      () => redirected(request(), { relayState: 'a%2fb+c%20d' }),
    ],
    [
      'by redirect, with its parameters in another order',
      () => inQuery(redirected(request()).rawQuery.split('&').toReversed().join('&')),
    ],
    ['by post', () => signed(request())],
    [
      'by post, with a RelayState',
      () => ({ ...signed(request()), body: { ...(signed(request()).body as object), RelayState: 'x' } }),
    ],
    ['without an end of its own', () => redirected(about({ NotOnOrAfter: undefined }))],
  ])('takes a signed request %s', (_name, make) => {
    expect(read(make())).toMatchObject({
      kind: 'LogoutRequest',
      id: '_logout',
      nameId: { value: 'subject-1' },
      sessions: ['_session'],
    });
  });

  it('takes a request for all sessions of a person, and one for several', () => {
    const of = (inside: string) => (read(redirected(request({ inside }))) as { sessions: readonly string[] }).sessions;
    expect(of(nameId('subject-1'))).toEqual([]);
    expect(
      of(`${nameId('subject-1')}<samlp:SessionIndex>a</samlp:SessionIndex><samlp:SessionIndex>b</samlp:SessionIndex>`),
    ).toEqual(['a', 'b']);
  });

  it('takes a signed answer, and says whether all went well', () => {
    const answer = (inside: string) =>
      read(
        inQuery(
          redirectQuery(
            'SAMLResponse',
            logoutXml('LogoutResponse', {
              ...truthfulLogout(connection),
              attrs: { ...truthfulLogout(connection).attrs, InResponseTo: '_ours' },
              inside,
            }),
            key,
          ),
        ),
      );
    expect(answer(status('Success'))).toMatchObject({ kind: 'LogoutResponse', inResponseTo: '_ours', success: true });
    expect(answer(status('Responder', 'PartialLogout'))).toMatchObject({ success: false });
  });

  const without = (name: string) => inQuery(redirected(request()).rawQuery.replace(new RegExp(`&?${name}=[^&]*`), ''));
  it.each<[string, string, () => IncomingLogout]>([
    ['nothing', 'parameter_missing', () => inQuery('RelayState=x')],
    ['no signature in the address', 'message_unsigned', () => without('Signature')],
    ['no algorithm in the address', 'message_unsigned', () => without('SigAlg')],
    ['no signature in the form', 'message_unsigned', () => posted(request())],
    ['a signature in the form by a key that nobody trusts', 'signature_invalid', () => signed(request(), {}, strange)],
    [
      'a signature in the address by a key that nobody trusts',
      'signature_invalid',
      () => redirected(request(), {}, strange),
    ],
    ['SHA-1 in the address', 'signature_algorithm', () => redirected(request(), { algorithm: 'rsa-sha1' })],
    ['MD5 in the address', 'signature_algorithm', () => redirected(request(), { algorithm: 'rsa-md5' })],
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
    [
      'a RelayState that was not signed',
      'signature_invalid',
      () => inQuery(`${redirected(request()).rawQuery}&RelayState=x`),
    ],
    [
      'a RelayState taken away',
      'signature_invalid',
      () => inQuery(redirected(request(), { relayState: 'x' }).rawQuery.replace('&RelayState=x', '')),
    ],
    [
      'the message spelled in another way',
      'signature_invalid',
      () => inQuery(redirected(request()).rawQuery.replace(/%3D|%2B|%2F/, (code) => code.toLowerCase())),
    ],
    ['the message twice', 'parameter_duplicated', () => inQuery(`${redirected(request()).rawQuery}&SAMLRequest=AAAA`)],
    ['the algorithm twice', 'parameter_duplicated', () => inQuery(`${redirected(request()).rawQuery}&SigAlg=x`)],
    [
      'a request and an answer',
      'parameter_unexpected',
      () => inQuery(`${redirected(request()).rawQuery}&SAMLResponse=AAAA`),
    ],
    ["a parameter of the sender's own", 'parameter_unexpected', () => inQuery(`${redirected(request()).rawQuery}&a=b`)],
    [
      'a parameter in another letter case',
      'parameter_unexpected',
      () => inQuery(`${redirected(request()).rawQuery}&samlrequest=AAAA`),
    ],
    ['a form and an address', 'parameter_unexpected', () => ({ ...signed(request()), query: { SAMLRequest: 'AAAA' } })],
    [
      'a form with a request and an answer',
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
      'a bomb of 200 MB',
      'too_large',
      () => inQuery(signedOver(deflateRawSync(Buffer.alloc(200 * 1024 * 1024)).toString('base64'))),
    ],
    ['20 000 elements inside each other', 'xml_too_deep', () => redirected('<a>'.repeat(20_000))],
    ['a DOCTYPE', 'xml_doctype', () => redirected(`<!DOCTYPE a>${request()}`)],
    [
      'a signed sign-in response',
      'not_a_logout_message',
      () => inQuery(redirectQuery('SAMLResponse', responseXml(truthfulParts(connection, '_r'), ''), key)),
    ],
    [
      'an answer that calls itself a request',
      'not_a_logout_message',
      () => redirected(request().replaceAll('LogoutRequest', 'LogoutResponse')),
    ],
    [
      'a signature inside a message by redirect',
      'signature_misplaced',
      () => redirected(sign(request(), '_logout', strange)),
    ],
    [
      'a signature moved down',
      'signature_misplaced',
      () =>
        posted(
          sign(request(), '_logout', key).replace(
            /(<ds:Signature .*<\/ds:Signature>)(.*)(<\/samlp:LogoutRequest>)/,
            '$2<samlp:Extensions>$1</samlp:Extensions>$3',
          ),
        ),
    ],
    ['the signed request inside a forged one', 'signature_reference', () => posted(wrapped())],
    [
      'a name changed after signing',
      'signature_invalid',
      () => posted(sign(request(), '_logout', key).replace('>subject-1<', '>subject-2<')),
    ],
    [
      'another issuer',
      'issuer_mismatch',
      () => redirected(request({ issuer: '<saml:Issuer>https://evil.example.test</saml:Issuer>' })),
    ],
    ['no issuer', 'issuer_mismatch', () => redirected(request({ issuer: '' }))],
    ['another destination', 'destination_mismatch', () => redirected(about({ Destination: connection.acsUrl }))],
    ['no destination', 'destination_mismatch', () => redirected(about({ Destination: undefined }))],
    [
      'a request of long ago',
      'message_expired',
      () => redirected(about({ IssueInstant: instant(-300), NotOnOrAfter: undefined })),
    ],
    ['a request that ended', 'message_expired', () => redirected(about({ NotOnOrAfter: instant(-90) }))],
    ['a request from the future', 'issued_in_future', () => redirected(about({ IssueInstant: instant(90) }))],
    ['no time', 'time_malformed', () => redirected(about({ IssueInstant: undefined }))],
    ['SAML 1.1', 'version_unsupported', () => redirected(about({ Version: '1.1' }))],
    ['no identifier', 'id_missing', () => redirected(about({ ID: undefined }))],
    ['no name', 'name_id_missing', () => redirected(request({ inside: '' }))],
    ['two names', 'name_id_missing', () => redirected(request({ inside: nameId('subject-1') + nameId('subject-2') }))],
    [
      'an encrypted name',
      'id_encrypted',
      () => redirected(request({ inside: encrypted(nameId('subject-1'), strange.certificate, {}, 'EncryptedID') })),
    ],
    [
      'an answer to nothing',
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
  ])('refuses %s', (_name, reason, make) => expect(refusal(make())).toBe(reason));

  /** A query whose message is this text, signed all the same. */
  function signedOver(message: string): string {
    const proper = redirectQuery('SAMLRequest', request(), key);
    const query = `SAMLRequest=${encodeURIComponent(message)}&${proper.split('&')[1]}`;
    return (
      `${query}&Signature=` + encodeURIComponent(createSign('RSA-SHA256').update(query).sign(key.privateKey, 'base64'))
    );
  }

  function wrapped(): string {
    const truth = sign(request(), '_logout', key);
    const signature = /<ds:Signature .*<\/ds:Signature>/.exec(truth)![0];
    const inner = truth.replace(signature, '');
    const evil = request({ inside: nameId('subject-2') }).replace('_logout', '_evil');
    return evil.replace('</saml:Issuer>', `</saml:Issuer>${signature}<samlp:Extensions>${inner}</samlp:Extensions>`);
  }
});
