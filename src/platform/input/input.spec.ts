import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Problem } from '../problem/problem.js';
import { toInstance } from './input.js';

class Inner {
  @IsString()
  street: string;
}

class Base {
  @IsOptional()
  @IsString()
  name?: string;
}

class Input extends Base {
  @Type(() => Number)
  @IsInt()
  limit = 50;

  @IsOptional()
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner | Inner[];

  @IsOptional()
  @IsObject()
  free?: object;

  undeclared?: string;
}

/** Fails the test when the code looks at it. */
const untouched = new Proxy(
  {},
  {
    get: () => fail('read'),
    ownKeys: () => fail('listed'),
    getPrototypeOf: () => fail('inspected'),
    has: () => fail('searched'),
  },
);
function fail(how: string): never {
  throw new Error(`the value was ${how}`);
}

const problemOf = (value: unknown): Problem => {
  try {
    toInstance(Input, value);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('accepted');
};

describe('an input', () => {
  it('has the declared fields, its defaults, and instances of nested classes', () => {
    const free = { a: [{ b: 1 }] };
    const instance = toInstance(Input, { name: 'a', inner: { street: 'b' }, free });
    expect(instance).toBeInstanceOf(Input);
    expect(instance).toEqual({ name: 'a', limit: 50, inner: { street: 'b' }, free, undeclared: undefined });
    expect(instance.inner).toBeInstanceOf(Inner);
    expect(instance.free).toBe(free);
  });

  it('converts numbers of a query and lists of nested classes', () => {
    expect(toInstance(Input, { limit: '7' }).limit).toBe(7);
    expect(toInstance(Input, { limit: 'x' }).limit).toBeNaN();
    const { inner } = toInstance(Input, { inner: [{ street: 'b' }, null, 3] }) as { inner: Inner[] };
    expect(inner).toEqual([{ street: 'b' }, null, 3]);
    expect(inner[0]).toBeInstanceOf(Inner);
  });

  it('rejects an unknown field without looking at its value', () => {
    expect(problemOf({ x: untouched }).errors).toEqual([{ field: 'x', message: 'is not a known field' }]);
    expect(problemOf({ undeclared: untouched }).errors).toMatchObject([{ field: 'undeclared' }]);
    expect(problemOf({ inner: { street: 'a', x: untouched } }).errors).toMatchObject([{ field: 'inner.x' }]);
    expect(problemOf({ inner: [{ street: 'a' }, { x: untouched }] }).errors).toMatchObject([{ field: 'inner.1.x' }]);
  });

  it('takes the value of a field without a class as it is', () => {
    expect(toInstance(Input, { name: untouched }).name).toBe(untouched);
  });

  it('names at most 50 unknown fields', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${i}`, i]));
    expect(problemOf(many).errors).toHaveLength(50);
  });

  it.each([[[]], [[{ name: 'a' }]], ['text'], [7], [null]])('rejects %j, which is no object', (value) => {
    expect(problemOf(value)).toMatchObject({ code: 'invalid_request' });
  });
});
