/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { describe, expect, it } from '@jest/globals';
import { StreamableFile } from '@nestjs/common';
import { Expose, Type } from 'class-transformer';
import { isPortalRole, PRESETS } from '../feature/roles.js';
import type { Member } from '../context/context.js';
import { audienceOf, StaffOnly } from './audience.js';
import { responseClasses, ResponseType, responseTypeOf } from './response-type.js';
import type { ResponseTypeMetadata } from './response-type.js';

class Part {
  @Expose()
  id: string;
}

class Thing {
  @Expose()
  id: string;

  @StaffOnly()
  version: number;

  @StaffOnly()
  @Type(() => Part)
  parts: Part[];
}

class Handlers {
  @ResponseType(Thing) item(): void {}
  @ResponseType(Thing, { list: true }) list(): void {}
  @ResponseType.nothing() nothing(): void {}
  @ResponseType.file() file(): void {}
  @ResponseType.text('application/xml') text(): void {}
  @ResponseType.redirect() redirect(): void {}
  bare(): void {}
}

function metadata(name: keyof Handlers): ResponseTypeMetadata {
  return responseTypeOf(Handlers.prototype[name])!;
}

describe('@ResponseType', () => {
  it('is readable from the handler, and undefined without the decorator', () => {
    expect(metadata('list')).toMatchObject({ kind: 'list', status: 200, type: Thing });
    expect(
      responseTypeOf(Object.getOwnPropertyDescriptor(Handlers.prototype, 'bare')!.value as object),
    ).toBeUndefined();
  });

  it('throws for a result that does not match the declaration', () => {
    expect(() => metadata('item').shape([{ id: '1' }], 'staff')).toThrow();
    expect(() => metadata('item').shape(undefined, 'staff')).toThrow();
    expect(() => metadata('item').shape('text', 'staff')).toThrow();
    expect(() => metadata('list').shape([{ id: '1' }], 'staff')).toThrow();
    expect(() => metadata('file').shape({ secret: 1 }, 'staff')).toThrow();
    expect(() => metadata('text').shape({ secret: 1 }, 'staff')).toThrow();
    expect(() => metadata('redirect').shape('https://elsewhere.example', 'staff')).toThrow();
  });

  it('serializes each kind', () => {
    const file = new StreamableFile(Buffer.from('x'));
    expect(
      metadata('list').shape(
        { items: [{ id: '1', version: 4, parts: [], secret: 2 }], nextCursor: undefined, total: 3 },
        'staff',
      ),
    ).toEqual({ items: [{ id: '1', version: 4, parts: [] }], nextCursor: null });
    expect(metadata('nothing').shape({ secret: 1 }, 'staff')).toBeUndefined();
    expect(metadata('file').shape(file, 'portal')).toBe(file);
    expect(metadata('text').shape('<a/>', 'portal')).toBe('<a/>');
    expect(metadata('redirect').shape({ url: '/next', secret: 1 }, 'portal')).toEqual({ url: '/next' });
  });

  it('omits staff-only and undeclared fields for a portal', () => {
    const thing = { id: '1', version: 4, parts: [{ id: '2' }], added: 'column' };
    expect(metadata('item').shape(thing, 'portal')).toEqual({ id: '1' });
    expect(metadata('list').shape({ items: [thing], nextCursor: 'n' }, 'portal')).toEqual({
      items: [{ id: '1' }],
      nextCursor: 'n',
    });
  });

  it('registers the classes and their nested classes', () => {
    expect(responseClasses()).toEqual([Thing, Part]);
  });
});

describe('the audience', () => {
  it('is staff only for a member with a staff role', () => {
    expect([
      audienceOf({ portal: false }),
      audienceOf({ portal: true }),
      audienceOf({} as Member),
      audienceOf(null),
    ]).toEqual(['staff', 'portal', 'portal', 'portal']);
  });

  it('is portal for the portal roles of every preset', () => {
    expect(
      Object.values(PRESETS)
        .flatMap((roles) => Object.keys(roles))
        .filter(isPortalRole),
    ).toEqual(['trainee', 'portal']);
  });
});
