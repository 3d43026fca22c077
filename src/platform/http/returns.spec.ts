import { describe, expect, it } from '@jest/globals';
import { StreamableFile } from '@nestjs/common';
import { Expose } from 'class-transformer';
import { Returns, returnsOf } from './returns.js';
import type { ReturnsMetadata } from './returns.js';

class Thing {
  @Expose()
  id: string;
}

class Handlers {
  @Returns(Thing) item(): void {}
  @Returns(Thing, { list: true }) list(): void {}
  @Returns.nothing() nothing(): void {}
  @Returns.file() file(): void {}
  @Returns.text('application/xml') text(): void {}
  @Returns.redirect() redirect(): void {}
  bare(): void {}
}

function metadata(name: keyof Handlers): ReturnsMetadata {
  return returnsOf(Handlers.prototype[name])!;
}

describe('@Returns', () => {
  it('is found by the boot check, or its absence', () => {
    expect(metadata('list')).toMatchObject({ kind: 'list', status: 200, type: Thing });
    expect(returnsOf(Object.getOwnPropertyDescriptor(Handlers.prototype, 'bare')!.value as object)).toBeUndefined();
  });

  it('fails rather than let something undeclared leave', () => {
    expect(() => metadata('item').shape([{ id: '1' }])).toThrow();
    expect(() => metadata('item').shape(undefined)).toThrow();
    expect(() => metadata('item').shape('text')).toThrow();
    expect(() => metadata('list').shape([{ id: '1' }])).toThrow();
    expect(() => metadata('file').shape({ secret: 1 })).toThrow();
    expect(() => metadata('text').shape({ secret: 1 })).toThrow();
    expect(() => metadata('redirect').shape('https://elsewhere.example')).toThrow();
  });

  it('shapes each kind', () => {
    const file = new StreamableFile(Buffer.from('x'));
    expect(metadata('list').shape({ items: [{ id: '1', secret: 2 }], nextCursor: undefined, total: 3 })).toEqual({ items: [{ id: '1' }], nextCursor: null });
    expect(metadata('nothing').shape({ secret: 1 })).toBeUndefined();
    expect(metadata('file').shape(file)).toBe(file);
    expect(metadata('text').shape('<a/>')).toBe('<a/>');
    expect(metadata('redirect').shape({ url: '/next', secret: 1 })).toEqual({ url: '/next' });
  });
});
