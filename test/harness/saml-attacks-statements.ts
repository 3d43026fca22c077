import { type Attack, saying, confirming, within, carrying } from './saml-attacks.js';
import { attributeStatement, authnStatement, conditions, confirmation, instant, nameId } from './saml-idp.js';

export const STATEMENT_ATTACKS: readonly Attack[] = [
  [
    'another issuer of the response',
    'issuer_mismatch',
    saying(() => ({ responseIssuer: '<saml:Issuer>https://evil.example.test</saml:Issuer>' })),
  ],
  [
    'another issuer of the assertion',
    'issuer_mismatch',
    saying(() => ({ issuer: '<saml:Issuer>https://evil.example.test</saml:Issuer>' })),
  ],
  [
    'another destination',
    'destination_mismatch',
    saying(({ parts }) => ({
      responseAttrs: { ...parts.responseAttrs, Destination: 'https://elsewhere.example.test/acs' },
    })),
  ],
  [
    'a signed response without a destination',
    'destination_mismatch',
    saying(({ parts }) => ({ responseAttrs: { ...parts.responseAttrs, Destination: undefined } }), 'both'),
  ],
  [
    'another audience',
    'audience_mismatch',
    saying(() => ({ conditions: conditions(['https://elsewhere.example.test']) })),
  ],
  [
    'several audiences without the right one',
    'audience_mismatch',
    saying(({ login }) => ({
      conditions: conditions([`${login.connection.spEntityId}/other`, 'https://elsewhere.example.test']),
    })),
  ],
  [
    'conditions that start and never end',
    'conditions_without_end',
    saying((context) => within(context, { NotOnOrAfter: undefined })),
  ],
  ['no audience', 'audience_mismatch', saying(() => ({ conditions: conditions([]) }))],
  ['no conditions', 'conditions_missing', saying(() => ({ conditions: '' }))],
  ['an unknown condition', 'condition_unknown', saying((context) => within(context, {}, '<saml:Condition/>'))],
  ['expired conditions', 'assertion_expired', saying((context) => within(context, { NotOnOrAfter: instant(-90) }))],
  [
    'conditions that are not yet valid',
    'assertion_not_yet_valid',
    saying((context) => within(context, { NotBefore: instant(90) })),
  ],
  ['a malformed time', 'time_malformed', saying((context) => within(context, { NotOnOrAfter: 'tomorrow' }))],
  [
    'a time without a zone',
    'time_malformed',
    saying((context) => within(context, { NotBefore: '2020-01-01T00:00:00' })),
  ],
  [
    'another recipient',
    'confirmation_recipient_mismatch',
    saying((context) => confirming(context, { Recipient: 'https://elsewhere.example.test/acs' })),
  ],
  [
    'no recipient',
    'confirmation_recipient_mismatch',
    saying((context) => confirming(context, { Recipient: undefined })),
  ],
  [
    'a confirmation for another request',
    'in_response_to_mismatch',
    saying((context) => confirming(context, { InResponseTo: '_other' })),
  ],
  [
    'a confirmation without a request',
    'in_response_to_mismatch',
    saying((context) => confirming(context, { InResponseTo: undefined })),
  ],
  [
    'an expired confirmation',
    'confirmation_expired',
    saying((context) => confirming(context, { NotOnOrAfter: instant(-90) })),
  ],
  [
    'a confirmation without an end',
    'confirmation_missing',
    saying((context) => confirming(context, { NotOnOrAfter: undefined })),
  ],
  [
    'a holder-of-key confirmation',
    'confirmation_missing',
    saying(({ login }) => ({
      confirmations: confirmation(
        { Recipient: login.connection.acsUrl, InResponseTo: login.requestId, NotOnOrAfter: instant(300) },
        'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key',
      ),
    })),
  ],
  ['no confirmation', 'confirmation_missing', saying(() => ({ confirmations: '' }))],
  [
    'an assertion from the future',
    'issued_in_future',
    saying(({ parts }) => ({ assertionAttrs: { ...parts.assertionAttrs, IssueInstant: instant(90) } })),
  ],
  [
    'an assertion that is six hours old',
    'assertion_too_old',
    saying(({ parts }) => ({ assertionAttrs: { ...parts.assertionAttrs, IssueInstant: instant(-6 * 3600) } })),
  ],
  ['no authentication statement', 'authentication_missing', saying(() => ({ authn: '' }))],
  [
    'an expired session',
    'session_expired',
    saying(() => ({ authn: authnStatement({ SessionNotOnOrAfter: instant(-1) }) })),
  ],
  ['an empty NameID', 'name_id_missing', saying(() => ({ nameId: nameId('') }))],
  ['a blank NameID', 'name_id_missing', saying(() => ({ nameId: nameId('  ') }))],
  [
    'no NameID, but an attribute called nameID',
    'name_id_missing',
    saying(() => ({ nameId: '', ...carrying({ nameID: ['admin'] }) })),
  ],
  ['two NameIDs', 'name_id_missing', saying(() => ({ nameId: nameId('subject-1') + nameId('admin') }))],
  [
    'a NameID with an element in it',
    'name_id_missing',
    saying(() => ({ nameId: nameId('sub<b xmlns="">ject</b>-1') })),
  ],
  [
    'a transient NameID',
    'name_id_transient',
    saying(() => ({ nameId: nameId('subject-1', { Format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }) })),
  ],
  ['an empty audience', 'audience_mismatch', saying(() => ({ conditions: conditions(['']) }))],
  [
    'a second audience restriction without the right audience',
    'audience_mismatch',
    saying((context) =>
      within(
        context,
        {},
        '<saml:AudienceRestriction><saml:Audience>https://elsewhere.example.test</saml:Audience>' +
          '</saml:AudienceRestriction>',
      ),
    ),
  ],
  [
    'the right audience with a trailing blank',
    'audience_mismatch',
    saying(({ login }) => ({ conditions: conditions([`${login.connection.spEntityId} `]) })),
  ],
  [
    'a recipient that only starts with the right one',
    'confirmation_recipient_mismatch',
    saying((context) => confirming(context, { Recipient: `${context.login.connection.acsUrl}.evil.test` })),
  ],
  [
    'an authentication in the future',
    'issued_in_future',
    saying(() => ({ authn: authnStatement({ AuthnInstant: instant(90) }) })),
  ],
  ['a very long persistent NameID', 'name_id_missing', saying(() => ({ nameId: nameId('x'.repeat(300)) }))],
  [
    'two e-mail addresses',
    'email_multiple',
    saying(() => carrying({ mail: ['ada@example.test', 'admin@example.test'] })),
  ],
  [
    'two e-mail addresses in two attributes with one name',
    'email_multiple',
    saying(() => ({
      attributes:
        attributeStatement({ mail: ['ada@example.test'] }) + attributeStatement({ mail: ['admin@example.test'] }),
    })),
  ],
  [
    'an invalid e-mail address',
    'email_invalid',
    saying(() => carrying({ mail: ['ada@example.test, admin@example.test'] })),
  ],
  [
    'an e-mail address with a line break',
    'email_invalid',
    saying(() => carrying({ mail: ['ada@example.test&#10;Bcc:x@y.test'] })),
  ],
  [
    'a link instead of too many groups',
    'groups_truncated',
    saying(() => carrying({ 'http://schemas.microsoft.com/claims/groups.link': ['https://graph.example.test'] })),
  ],
];
