import { describe, expect, it } from '@jest/globals';
import { filled, namesOf, singularOf } from './names.mjs';

describe('the names of a module', () => {
  it('take every form that the templates need from the plural in kebab case', () => {
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
    'are refused: %s',
    (plural) => {
      expect(() => namesOf(plural)).toThrow('kebab case');
    },
  );

  it('are refused without a singular, unless it is given', () => {
    expect(() => namesOf('sheep')).toThrow('no regular singular');
    expect(namesOf('statuses', 'status').thing).toBe('status');
  });
});

describe('a template', () => {
  it('leaves SQL parameters and template literals alone', () => {
    const names = namesOf('bulletins');
    expect(filled('`${COLUMNS} FROM $table$ WHERE org_id = $1 AND id = $2`', names)).toBe(
      '`${COLUMNS} FROM bulletins WHERE org_id = $1 AND id = $2`',
    );
  });

  it('is refused with a placeholder that has no value', () => {
    expect(() => filled('$unknown$', namesOf('bulletins'))).toThrow('unknown placeholder');
  });
});
