import { describe, expect, it } from '@jest/globals';
import { testConnection } from '../../../../test/harness/saml-sign-in.js';
import {
  assertionXml,
  conditions,
  confirmation,
  instant,
  truthfulParts,
  type Parts,
} from '../../../../test/harness/saml-idp.js';
import { checkAssertion } from './assertion-checks.js';

const connection = testConnection('one', []);
const truth = truthfulParts(connection, '_request');
const bearer = { Recipient: connection.acsUrl, InResponseTo: '_request', NotOnOrAfter: instant(300) };

/** Returns the reason of the rejection. It calls the application's checks directly, without the library. */
function rejectionOf(change: Partial<Parts>, alter = (xml: string): string => xml): string {
  try {
    checkAssertion(alter(assertionXml({ ...truth, ...change })), {
      connection,
      requestId: '_request',
      maxAgeMs: 600_000,
      now: Date.now(),
    });
    return 'accepted';
  } catch (error) {
    return (error as { reason?: string }).reason ?? String(error);
  }
}

const timed = (times: Record<string, string | undefined>): Partial<Parts> => ({
  conditions: conditions([connection.spEntityId], times),
});

describe('checkAssertion', () => {
  it('accepts a valid assertion', () => expect(rejectionOf({})).toBe('accepted'));

  it.each<[string, Partial<Parts>, string]>([
    ['no identifier', { assertionAttrs: { Version: '2.0', IssueInstant: instant(0) } }, 'id_missing'],
    ['no issue time', { assertionAttrs: { ID: '_a', Version: '2.0' } }, 'time_malformed'],
    [
      'an old issue time',
      { assertionAttrs: { ID: '_a', Version: '2.0', IssueInstant: instant(-700) } },
      'assertion_too_old',
    ],
    [
      'an issue time in the future',
      { assertionAttrs: { ID: '_a', Version: '2.0', IssueInstant: instant(70) } },
      'issued_in_future',
    ],
    ['no issuer', { issuer: '' }, 'issuer_mismatch'],
    ['no conditions', { conditions: '' }, 'conditions_missing'],
    ['two sets of conditions', { conditions: truth.conditions.repeat(2) }, 'conditions_missing'],
    ['expired conditions', timed({ NotOnOrAfter: instant(-70) }), 'assertion_expired'],
    ['conditions that are not yet valid', timed({ NotBefore: instant(70) }), 'assertion_not_yet_valid'],
    ['a day that does not exist', timed({ NotOnOrAfter: '2026-13-01T00:00:00Z' }), 'time_malformed'],
    ['a year of six digits', timed({ NotOnOrAfter: '+275000-01-01T00:00:00Z' }), 'time_malformed'],
    ['a confirmation without data', { confirmations: confirmation(null) }, 'confirmation_missing'],
    [
      'a confirmation without an end',
      { confirmations: confirmation({ ...bearer, NotOnOrAfter: undefined }) },
      'confirmation_missing',
    ],
    [
      'an expired confirmation',
      { confirmations: confirmation({ ...bearer, NotOnOrAfter: instant(-70) }) },
      'confirmation_expired',
    ],
    [
      'a confirmation that is not yet valid',
      { confirmations: confirmation({ ...bearer, NotBefore: instant(70) }) },
      'confirmation_not_yet_valid',
    ],
    [
      'two invalid confirmations, with the reason of the first',
      { confirmations: confirmation({ ...bearer, Recipient: 'x' }) + confirmation(null) },
      'confirmation_recipient_mismatch',
    ],
  ])('rejects %s', (_name, change, reason) => expect(rejectionOf(change)).toBe(reason));

  it('accepts an audience restriction that names the connection among others, and needs it in each one', () => {
    const mine = connection.spEntityId;
    const audience = (text: string): string => `<saml:Audience>${text}</saml:Audience>`;
    const restriction = (...audiences: string[]): string =>
      `<saml:AudienceRestriction>${audiences.map(audience).join('')}</saml:AudienceRestriction>`;
    const restricted = (...restrictions: string[]): string =>
      rejectionOf({ conditions: conditions([], {}, restrictions.join('')) });
    expect(restricted(restriction(mine, 'https://other.example/sp'))).toBe('accepted');
    expect(restricted(restriction('https://other.example/sp', mine))).toBe('accepted');
    expect(restricted(restriction(mine, 'x'), restriction(mine))).toBe('accepted');
    expect(restricted(restriction(mine), restriction('https://other.example/sp'))).toBe('audience_mismatch');
    expect(restricted(restriction('x', 'y'))).toBe('audience_mismatch');
    expect(restricted(restriction(mine), restriction())).toBe('audience_mismatch');
    expect(restricted()).toBe('audience_mismatch');
    expect(restricted(audience(mine))).toBe('condition_unknown');
  });

  it('rejects a document without an assertion, and an assertion without exactly one subject', () => {
    expect(rejectionOf({}, (xml) => xml.replaceAll('saml:Assertion', 'saml:Advice'))).toBe('assertion_missing');
    expect(rejectionOf({}, (xml) => xml.replaceAll('saml:Subject>', 'saml:Other>'))).toBe('subject_missing');
    expect(rejectionOf({}, (xml) => xml.replace(/(<saml:Subject>.*<\/saml:Subject>)/, '$1$1'))).toBe('subject_missing');
  });

  it('returns the replay end: the earlier of both ends, plus the clock skew', () => {
    const ends = [instant(200), instant(100)] as const;
    const parts = {
      ...truth,
      ...timed({ NotOnOrAfter: ends[0] }),
      confirmations: confirmation({ ...bearer, NotOnOrAfter: ends[1] }),
    };
    const { replayableUntil } = checkAssertion(assertionXml(parts), {
      connection,
      requestId: '_request',
      maxAgeMs: 600_000,
      now: Date.now(),
    });
    expect(replayableUntil).toBe(Date.parse(ends[1]) + 60_000);
  });
});
