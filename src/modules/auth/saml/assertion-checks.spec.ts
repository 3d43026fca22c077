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
const here = { Recipient: connection.acsUrl, InResponseTo: '_request', NotOnOrAfter: instant(300) };

/** The refusal of bytes that the library would have vouched for: its own checks do not stand before these. */
function refusalOf(change: Partial<Parts>, alter = (xml: string): string => xml): string {
  try {
    checkAssertion(alter(assertionXml({ ...truth, ...change })), {
      connection,
      requestId: '_request',
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
  it('accepts the truth', () => expect(refusalOf({})).toBe('accepted'));

  it.each<[string, Partial<Parts>, string]>([
    ['no identifier', { assertionAttrs: { Version: '2.0', IssueInstant: instant(0) } }, 'id_missing'],
    ['no moment of issue', { assertionAttrs: { ID: '_a', Version: '2.0' } }, 'time_malformed'],
    [
      'an issue of long ago',
      { assertionAttrs: { ID: '_a', Version: '2.0', IssueInstant: instant(-700) } },
      'assertion_too_old',
    ],
    [
      'an issue in the future',
      { assertionAttrs: { ID: '_a', Version: '2.0', IssueInstant: instant(70) } },
      'issued_in_future',
    ],
    ['no issuer', { issuer: '' }, 'issuer_mismatch'],
    ['no conditions', { conditions: '' }, 'conditions_missing'],
    ['two sets of conditions', { conditions: truth.conditions.repeat(2) }, 'conditions_missing'],
    ['conditions that ended', timed({ NotOnOrAfter: instant(-70) }), 'assertion_expired'],
    ['conditions that have not begun', timed({ NotBefore: instant(70) }), 'assertion_not_yet_valid'],
    ['a day that does not exist', timed({ NotOnOrAfter: '2026-13-01T00:00:00Z' }), 'time_malformed'],
    ['a year of six digits', timed({ NotOnOrAfter: '+275000-01-01T00:00:00Z' }), 'time_malformed'],
    ['a confirmation without data', { confirmations: confirmation(null) }, 'confirmation_missing'],
    [
      'a confirmation without an end',
      { confirmations: confirmation({ ...here, NotOnOrAfter: undefined }) },
      'confirmation_missing',
    ],
    [
      'a confirmation that ended',
      { confirmations: confirmation({ ...here, NotOnOrAfter: instant(-70) }) },
      'confirmation_expired',
    ],
    [
      'a confirmation that has not begun',
      { confirmations: confirmation({ ...here, NotBefore: instant(70) }) },
      'confirmation_not_yet_valid',
    ],
    [
      'two wrong confirmations, by the first of them',
      { confirmations: confirmation({ ...here, Recipient: 'x' }) + confirmation(null) },
      'confirmation_recipient_mismatch',
    ],
  ])('refuses %s', (_name, change, reason) => expect(refusalOf(change)).toBe(reason));

  it('refuses bytes that are no assertion, or hold no subject or two', () => {
    expect(refusalOf({}, (xml) => xml.replaceAll('saml:Assertion', 'saml:Advice'))).toBe('assertion_missing');
    expect(refusalOf({}, (xml) => xml.replaceAll('saml:Subject>', 'saml:Other>'))).toBe('subject_missing');
    expect(refusalOf({}, (xml) => xml.replace(/(<saml:Subject>.*<\/saml:Subject>)/, '$1$1'))).toBe('subject_missing');
  });

  it('says until when an assertion could be presented again: the earlier end, and the skew', () => {
    const ends = [instant(200), instant(100)] as const;
    const parts = {
      ...truth,
      ...timed({ NotOnOrAfter: ends[0] }),
      confirmations: confirmation({ ...here, NotOnOrAfter: ends[1] }),
    };
    const { replayableUntil } = checkAssertion(assertionXml(parts), {
      connection,
      requestId: '_request',
      now: Date.now(),
    });
    expect(replayableUntil).toBe(Date.parse(ends[1]) + 60_000);
  });
});
