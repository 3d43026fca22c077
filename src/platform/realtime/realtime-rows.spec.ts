/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { describe, expect, it } from '@jest/globals';
import type { AuditFacts, AuditRow } from '../database/audit-row.js';
import { defineFeature } from '../feature/define-feature.js';
import { realtimeStatements } from './realtime-rows.js';

defineFeature({
  name: 'live-spec',
  description: 'For the test.',
  events: {
    'live.quiet': { category: 'spec', severity: 'info', description: 'Not real-time.' },
    'live.about': {
      category: 'spec',
      severity: 'info',
      description: 'About its target.',
      realtime: { permission: 'spec:read' },
    },
    'live.named': {
      category: 'spec',
      severity: 'info',
      description: 'About the named person.',
      meta: { who: 'id', other: 'id' },
      realtime: { permission: 'spec:read', person: 'who' },
    },
  },
});

const PERSON = '0192f0c1-2345-7abc-8def-0123456789ab';
const row = (facts: Partial<AuditFacts>): AuditRow => ({
  facts: {
    id: 'event',
    orgId: 'org',
    occurredAt: 'then',
    type: 'live.about',
    outcome: 'success',
    actorType: 'user',
    actorId: 'actor',
    targetType: 'thing',
    targetId: 'it',
    requestId: 'request',
    meta: {},
    ...facts,
  } as AuditFacts,
  personal: { actorEmail: 'user@test.example', ip: '192.0.2.1', userAgent: 'agent' },
});
const personOf = (facts: Partial<AuditFacts>) => realtimeStatements([row(facts)])[0]!.values[5];

describe('real-time rows', () => {
  it('contain ids, type, and time of real-time events and no personal data', () => {
    const statements = realtimeStatements([
      row({ type: 'live.quiet' }),
      row({ type: 'live.gone' }),
      row({ meta: { who: PERSON } }),
    ]);
    expect(statements.map(({ values }) => values)).toEqual([
      ['org', 'event', 'live.about', 'thing', 'it', null, 'spec:read', 'then'],
    ]);
  });

  it('refer to the person who is the target or whom the metadata names', () => {
    expect(personOf({ targetType: 'person', targetId: PERSON })).toBe(PERSON);
    expect(personOf({ type: 'live.named', meta: { who: PERSON, other: 'another' } })).toBe(PERSON);
    expect(personOf({ type: 'live.named' })).toBeNull();
    expect(personOf({})).toBeNull();
  });
});
