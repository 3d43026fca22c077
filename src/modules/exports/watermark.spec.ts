import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WatermarkFailed, watermarkText, type WatermarkFacts } from './watermark.js';

const facts: WatermarkFacts = {
  name: 'Zoë Ó Briain',
  email: 'zoe@example.org',
  organization: 'Harbour Residency',
  time: new Date('2026-03-01T10:20:30.456Z'),
  exportId: '0197a1b2-0000-7000-8000-000000000001',
};

describe('watermark text', () => {
  it('names the user, the organization, the time and the export', () => {
    expect(watermarkText(facts)).toBe(
      'Exported by Zoë Ó Briain <zoe@example.org> · Harbour Residency · 2026-03-01T10:20:30.456Z · export ' +
        '0197a1b2-0000-7000-8000-000000000001',
    );
  });

  it('stays one line in the same format for every name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, organization) => {
        const line = watermarkText({ ...facts, name: `n${name}`, organization: `o${organization}` });
        const word = String.raw`[^<>·\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`;
        const rest = String.raw`2026-03-01T10:20:30\.456Z · export \S+`;
        expect(line).toMatch(new RegExp(`^Exported by ${word} <zoe@example\\.org> · ${word} · ${rest}$`, 'u'));
        expect(line.isWellFormed()).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('removes separators from a name, so that a name cannot imitate other parts', () => {
    const name = 'Eve <ceo@example.org> · Other Org\r\nExported by \u202eBob';
    expect(watermarkText({ ...facts, name })).toContain(
      'Exported by Eve ceo@example.org Other Org Exported by Bob <zoe@example.org> · Harbour',
    );
  });

  it('marks truncated names and keeps the longest e-mail address whole', () => {
    const email = `${'a'.repeat(64)}@${'b'.repeat(189)}`;
    const line = watermarkText({ ...facts, name: '李'.repeat(500), email });
    expect(line).toContain(`${'李'.repeat(119)}… <${email}>`);
  });

  it('fails when a part is empty or the time is invalid', () => {
    for (const part of ['name', 'email', 'organization', 'exportId']) {
      for (const nothing of ['', ' \t\r\n', '\u200b\u202e', '<>']) {
        expect(() => watermarkText({ ...facts, [part]: nothing })).toThrow(WatermarkFailed);
      }
    }
    expect(() => watermarkText({ ...facts, time: new Date(Number.NaN) })).toThrow(WatermarkFailed);
  });
});
