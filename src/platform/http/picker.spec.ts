import { describe, expect, it } from '@jest/globals';
import { Exclude, Expose, Type } from 'class-transformer';
import { pickerOf } from './picker.js';

class Contact {
  @Expose()
  phone: string;
}

class Person {
  @Expose()
  id: string;

  @Expose({ name: 'fullName' })
  name: string;

  @Expose()
  born: Date;

  @Expose()
  tags: string[];

  @Expose()
  @Type(() => Contact)
  contacts: Contact[];

  @Expose()
  @Type(() => Object)
  free: object;

  ssn: string;
}

class Trainee extends Person {
  @Expose()
  year: number;
}

class Tree {
  @Expose()
  @Type(() => Tree)
  children: Tree[];
}

describe('response classes', () => {
  const row = { id: '1', name: 'N', born: new Date(0), tags: ['a'], contacts: [{ phone: '1', secret: 's' }], free: { any: 1 }, ssn: 'x', added: 'column' };

  it('let the exposed fields leave and no other, nested and in lists', () => {
    expect(pickerOf(Person)(row)).toEqual({ id: '1', fullName: 'N', born: '1970-01-01T00:00:00.000Z', tags: ['a'], contacts: [{ phone: '1' }], free: { any: 1 } });
  });

  it('keep a column invisible that was added later', () => {
    expect(JSON.stringify(pickerOf(Person)(row))).not.toContain('column');
  });

  it('inherit fields', () => {
    expect(pickerOf(Trainee)({ ...row, year: 2 })).toMatchObject({ id: '1', year: 2, contacts: [{ phone: '1' }] });
  });

  it('may contain themselves', () => {
    expect(pickerOf(Tree)({ children: [{ children: [], secret: 1 }] })).toEqual({ children: [{ children: [] }] });
  });

  it('refuse an object in a field that declares no class for it', () => {
    expect(() => pickerOf(Person)({ ...row, tags: [{ secret: 1 }] })).toThrow('Person.tags holds an object');
  });

  it('refuse a class that exposes nothing', () => {
    class Empty {
      @Exclude()
      hidden: string;
    }
    expect(() => pickerOf(Empty)).toThrow('Empty exposes no field');
  });
});
