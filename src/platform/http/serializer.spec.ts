import { describe, expect, it } from '@jest/globals';
import { Exclude, Expose, Type } from 'class-transformer';
import fc from 'fast-check';
import { StaffOnly } from './audience.js';
import { fieldsOf, serializerOf } from './serializer.js';

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

class Chart {
  @Expose()
  id: string;

  @StaffOnly()
  externalId: string;

  @Expose({ name: 'note', groups: ['some other group'] })
  remark: string;

  @Expose()
  @Type(() => Chart)
  parts: Chart[];

  @StaffOnly()
  @Type(() => Contact)
  contact: Contact;
}

class Report extends Chart {
  @StaffOnly()
  author: string;
}

describe('response classes', () => {
  const row = {
    id: '1',
    name: 'N',
    born: new Date(0),
    tags: ['a'],
    contacts: [{ phone: '1', secret: 's' }],
    free: { any: 1 },
    ssn: 'x',
    added: 'column',
  };

  it('serialize only exposed fields, nested and in lists', () => {
    expect(serializerOf(Person, 'staff')(row)).toEqual({
      id: '1',
      fullName: 'N',
      born: '1970-01-01T00:00:00.000Z',
      tags: ['a'],
      contacts: [{ phone: '1' }],
      free: { any: 1 },
    });
  });

  it('omit a column that was added later', () => {
    expect(JSON.stringify(serializerOf(Person, 'staff')(row))).not.toContain('column');
  });

  it('inherit fields', () => {
    expect(serializerOf(Trainee, 'staff')({ ...row, year: 2 })).toMatchObject({
      id: '1',
      year: 2,
      contacts: [{ phone: '1' }],
    });
  });

  it('can contain themselves', () => {
    expect(serializerOf(Tree, 'staff')({ children: [{ children: [], secret: 1 }] })).toEqual({
      children: [{ children: [] }],
    });
  });

  it('reject an object in a field without a declared class', () => {
    expect(() => serializerOf(Person, 'staff')({ ...row, tags: [{ secret: 1 }] })).toThrow(
      'Person.tags contains an object',
    );
  });

  it('reject a class that exposes no field', () => {
    class Empty {
      @Exclude()
      hidden: string;
    }
    expect(() => serializerOf(Empty, 'staff')).toThrow('Empty exposes no field');
  });
});

describe('staff-only fields', () => {
  const chart = {
    id: '1',
    externalId: 'x',
    remark: 'r',
    contact: { phone: '1' },
    author: 'a',
    parts: [{ id: '2', externalId: 'y', parts: [] }],
  };

  it('are omitted for portals, also when nested, inherited, or in another group', () => {
    expect(serializerOf(Report, 'portal')(chart)).toEqual({ id: '1', parts: [{ id: '2', parts: [] }] });
  });

  it('are serialized for staff, independent of earlier responses', () => {
    expect(serializerOf(Report, 'staff')(chart)).toEqual({
      id: '1',
      externalId: 'x',
      note: 'r',
      contact: { phone: '1' },
      author: 'a',
      parts: [{ id: '2', externalId: 'y', note: undefined, contact: undefined, parts: [] }],
    });
  });

  it('are marked by their declaration', () => {
    expect(
      fieldsOf(Report)
        .filter(({ staffOnly }) => staffOnly)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['author', 'contact', 'externalId', 'note']);
  });

  it('give a portal only declared fields for any row content', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (columns) => {
        const { id, parts, ...rest } = serializerOf(Report, 'portal')({ ...columns, ...chart }) as Record<
          string,
          unknown
        >;
        expect([id, parts, rest]).toEqual(['1', [{ id: '2', parts: [] }], {}]);
      }),
    );
  });
});
