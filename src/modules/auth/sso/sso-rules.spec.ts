import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { roleFacts, roleOf, ruleOf } from './role-mapping.js';
import { asDomain, domainOf, ownDomain, proofOf } from '../domains/index.js';
import './sso.feature.js';
import { diagnosticsOfClaims } from '../sso-messages/index.js';

describe('ruleOf', () => {
  const mapping = {
    groupRoles: [
      { group: 'chiefs', role: 'director' },
      { group: 'mentors', role: 'mentor' },
    ],
    attributeRoles: [
      { attribute: 'title', value: 'Chief', role: 'director' },
      { attribute: 'title', value: 'Resident', role: 'trainee' },
    ],
    defaultRole: 'viewer',
  };

  it('selects the first group, then the first attribute, then the default', () => {
    expect(ruleOf(mapping, ['mentors', 'chiefs'], new Map([['title', ['Resident']]]))).toEqual({
      kind: 'group',
      group: 'chiefs',
      role: 'director',
    });
    expect(ruleOf(mapping, [], new Map([['title', ['Nobody', 'Resident']]]))).toEqual({
      kind: 'attribute',
      attribute: 'title',
      value: 'Resident',
      role: 'trainee',
    });
    expect(ruleOf(mapping, ['others'])).toEqual({ kind: 'default', role: 'viewer' });
    expect(ruleOf({ ...mapping, defaultRole: null }, ['others'])).toBeUndefined();
  });

  it('gives only roles of the mapping, and the same role from the stored facts', () => {
    const word = fc.constantFrom(
      'chiefs',
      'mentors',
      'title',
      'Chief',
      'Resident',
      'other',
      '__proto__',
      'constructor',
    );
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.tuple(word, fc.array(word)), { maxLength: 5 }), (groups, pairs) => {
        const claims = new Map(pairs);
        const role = roleOf(mapping, groups, claims);
        expect(['director', 'mentor', 'trainee', 'viewer']).toContain(role);
        const facts = roleFacts(mapping, groups, claims);
        expect(Object.keys(facts.attributes).every((name) => name === 'title')).toBe(true);
        expect(roleOf(mapping, facts.groups, new Map(Object.entries(facts.attributes)))).toBe(role);
      }),
    );
  });
});

describe('mail domains', () => {
  it('are stored in lower case and ASCII', () => {
    expect([asDomain('Example.ORG.'), asDomain('BÜCHER.example'), asDomain('münchen.example')]).toEqual([
      'example.org',
      'xn--bcher-kva.example',
      'xn--mnchen-3ya.example',
    ]);
  });

  it('are read from the part after the last @', () => {
    expect([
      domainOf('a@b.example'),
      domainOf('a@evil.example@b.example'),
      domainOf('@b.example'),
      domainOf('a@'),
      domainOf('ab.example'),
    ]).toEqual(['b.example', 'b.example', undefined, undefined, undefined]);
  });

  it('never contain other parts of a URL', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a.-/\\:@?#[]%1 ü\u0000') }), (text) => {
        const domain = asDomain(text);
        if (domain !== undefined) expect(domain).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/);
      }),
    );
  });

  it('of public mail providers are rejected', () => {
    expect(() => ownDomain('Gmail.com')).toThrow(expect.objectContaining({ code: 'domain_not_allowed' }));
    expect(proofOf({ domain: 'a.example', token: 't' })).toEqual({
      type: 'TXT',
      name: '_vouchsafe.a.example',
      value: 'vouchsafe-domain-verification=t',
    });
  });
});

it('the diagnostics of claims show names, times, and groups, and hide all other values', () => {
  const { issuer, attributes, text } = diagnosticsOfClaims(
    {
      iss: 'https://idp.example',
      sub: 'secret-subject',
      email: 'ada@example.test',
      groups: ['mentors'],
      amr: ['otp'],
      address: { street: 'x' },
    },
    new Set(['groups']),
  );
  expect([issuer, attributes.length]).toEqual(['https://idp.example', 6]);
  expect(text).toContain('mentors');
  expect(text).not.toMatch(/secret-subject|ada@|otp|street/);
});
