import { describe, expect, it } from '@jest/globals';
import { filled, namesOf, singularOf } from './names.mjs';

describe('the names of a module', () => {
  it('are derived from the plural in kebab case in every form that the templates need', () => {
    expect(namesOf('on-call-shifts')).toEqual({
      things: 'on-call-shifts',
      thing: 'on-call-shift',
      Things: 'OnCallShifts',
      Thing: 'OnCallShift',
      camelThings: 'onCallShifts',
      table: 'on_call_shifts',
      event: 'on_call_shift',
      words: 'on call shifts',
      word: 'on call shift',
      Words: 'On call shifts',
    });
  });

  it.each([
    ['bulletins', 'bulletin'],
    ['policies', 'policy'],
    ['addresses', 'address'],
    ['boxes', 'box'],
    ['licenses', 'license'],
    ['surveys', 'survey'],
  ])('turn %s into %s', (plural, singular) => {
    expect(singularOf(plural)).toBe(singular);
  });

  it.each([undefined, '', 'Bulletins', 'on_call_shifts', '-shifts', 'shifts-', '../shifts', 'x'.repeat(31), 'shifts2'])(
    'are rejected: %s',
    (plural) => {
      expect(() => namesOf(plural)).toThrow('kebab case');
    },
  );

  it('are rejected without a regular singular, unless the singular is given', () => {
    expect(() => namesOf('sheep')).toThrow('no regular singular');
    expect(namesOf('statuses', 'status').thing).toBe('status');
  });
});

describe('a template', () => {
  it('keeps SQL parameters and template literals', () => {
    const names = namesOf('bulletins');
    expect(filled('`${COLUMNS} FROM $table$ WHERE org_id = $1 AND id = $2`', names)).toBe(
      '`${COLUMNS} FROM bulletins WHERE org_id = $1 AND id = $2`',
    );
  });

  it('is rejected with a placeholder that has no value', () => {
    expect(() => filled('$unknown$', namesOf('bulletins'))).toThrow('unknown placeholder');
  });
});
