import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsString, ValidateNested } from 'class-validator';
import { IsExactLine, IsOneLine } from '../http/fields.js';
import { toInstance, toInstanceOfKnown } from './input.js';

class Part {
  @IsString() name: string;
}

class Base {
  @IsOneLine() name: string;
}

class Named extends Base {
  @IsExactLine() code: string;
}

class Whole {
  @IsString() serial: string;
  @ValidateNested() @Type(() => Part) main: Part;
  @ValidateNested({ each: true }) @Type(() => Part) parts: Part[];
}

describe('the data of a partner', () => {
  it('has the declared fields at every depth and no others', () => {
    const data = toInstanceOfKnown(Whole, {
      serial: 'S-1',
      color: 'blue',
      main: { name: 'a', size: 1 },
      parts: [{ name: 'b', sizes: [{}] }, { name: 'c' }],
    });
    expect(data).toEqual({ serial: 'S-1', main: { name: 'a' }, parts: [{ name: 'b' }, { name: 'c' }] });
    expect([data, data.main, ...data.parts].map(({ constructor }) => constructor)).toEqual([Whole, Part, Part, Part]);
  });

  it('has composed text (NFC) where the class says so, as has the input of a route', () => {
    const given = { name: 'Zoe\u0308', code: 'e\u0308' };
    for (const convert of [toInstanceOfKnown<Named>, toInstance<Named>])
      expect(convert(Named, given)).toEqual({ name: 'Zo\u00eb', code: 'e\u0308' });
  });

  it('keeps values of another kind, so that validation rejects them', () => {
    const data = { serial: [{ a: 1 }], main: 'text', parts: [7, null, ['x']] };
    expect(toInstanceOfKnown(Whole, data)).toEqual(data);
  });

  it('does not read a field that the class does not declare', () => {
    const data = {
      serial: 'S-1',
      get other() {
        throw new Error('was read');
      },
    };
    expect(toInstanceOfKnown(Whole, data)).toEqual({ serial: 'S-1' });
  });
});
