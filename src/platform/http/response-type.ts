import { applyDecorators, Header, HttpCode, Redirect, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiProduces, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { EventStream } from './event-stream.js';
import { fieldsOf, serializerOf } from './serializer.js';
import type { Audience, ResponseClass } from './serializer.js';

/** What a handler may answer, as its route declares it. */
export interface ResponseTypeMetadata {
  kind: 'item' | 'list' | 'nothing' | 'file' | 'text' | 'redirect' | 'stream';
  status: number;
  type?: ResponseClass;
  /** Turns what the handler returned into what leaves for an audience; throws on anything that was not declared. */
  shape: (value: unknown, audience: Audience) => unknown;
}

const EVENT_STREAM = 'text/event-stream';
const RETURNS = Symbol('vouchsafe:returns');
const named = new Set<ResponseClass>();

/** What a route handler declares with @ResponseType; undefined when nothing, and then nothing may leave. */
export function responseTypeOf(handler: object): ResponseTypeMetadata | undefined {
  return Reflect.getMetadata(RETURNS, handler) as ResponseTypeMetadata | undefined;
}

/** Every class that a route names with @ResponseType, and those nested in them. */
export function responseClasses(): ResponseClass[] {
  const found = new Set(named);
  for (const type of found) {
    // grows while it is walked
    for (const { type: nested } of fieldsOf(type)) if (nested !== undefined && nested !== Object) found.add(nested);
  }
  return [...found];
}

/**
 * Names the class whose `@Expose()`d fields are all that leaves; those marked `@StaffOnly()` leave for staff alone.
 * With `list` the handler returns `{ items, nextCursor }`. The status is 200 and the content JSON unless said
 * otherwise.
 */
export function ResponseType(
  type: ResponseClass,
  { list = false, status = 200, contentType }: { list?: boolean; status?: number; contentType?: string } = {},
): MethodDecorator {
  named.add(type);
  const schema = list ? listSchema(type) : { $ref: getSchemaPath(type) };
  return applyDecorators(
    declare({ kind: list ? 'list' : 'item', status, type, shape: list ? shapeList(type) : shapeItem(type) }),
    HttpCode(status),
    ...(contentType === undefined ? [] : [Header('Content-Type', contentType)]),
    ApiExtraModels(type),
    ApiResponse({
      status,
      description: list ? 'One page' : 'As asked',
      content: { [contentType ?? 'application/json']: { schema } },
    }),
  );
}

/** Answers 204, or 202 where it is done later; what the handler returns is dropped. */
ResponseType.nothing = (status: 202 | 204 = 204): MethodDecorator =>
  applyDecorators(
    declare({ kind: 'nothing', status, shape: () => undefined }),
    HttpCode(status),
    ApiResponse({ status, description: status === 204 ? 'Done' : 'Taken' }),
  );

/** Answers with a stream: the handler returns a StreamableFile. */
ResponseType.file = (contentType = 'application/octet-stream'): MethodDecorator =>
  applyDecorators(
    declare({
      kind: 'file',
      status: 200,
      shape: only((value): value is StreamableFile => value instanceof StreamableFile, 'a StreamableFile'),
    }),
    HttpCode(200),
    ApiProduces(contentType),
    ApiResponse({
      status: 200,
      description: 'The file',
      content: { [contentType]: { schema: { type: 'string', format: 'binary' } } },
    }),
  );

/** Answers with text of another content type, such as XML: the handler returns a string. */
ResponseType.text = (contentType: string): MethodDecorator =>
  applyDecorators(
    declare({ kind: 'text', status: 200, shape: only((value) => typeof value === 'string', 'a string') }),
    HttpCode(200),
    Header('Content-Type', contentType),
    ApiProduces(contentType),
    ApiResponse({ status: 200, description: 'As asked', content: { [contentType]: { schema: { type: 'string' } } } }),
  );

/**
 * Answers with server-sent events that go on after the request's transaction: the handler returns an EventStream whose
 * data
 * leaves through the class. No proxy may hold the events back.
 */
ResponseType.stream = (type: ResponseClass): MethodDecorator => {
  named.add(type);
  return applyDecorators(
    declare({ kind: 'stream', status: 200, type, shape: (value) => shapeStream(type, value) }),
    HttpCode(200),
    Header('X-Accel-Buffering', 'no'),
    ApiExtraModels(type),
    ApiProduces(EVENT_STREAM),
    ApiResponse({
      status: 200,
      description: 'Events as they happen; the data of each is this',
      content: { [EVENT_STREAM]: { schema: { $ref: getSchemaPath(type) } } },
    }),
  );
};

/** Sends the browser on: the handler returns `{ url }`. */
ResponseType.redirect = (status: 302 | 303 = 302): MethodDecorator =>
  applyDecorators(
    declare({ kind: 'redirect', status, shape: shapeRedirect }),
    Redirect('', status),
    ApiResponse({ status, description: 'Onward', headers: { Location: { schema: { type: 'string' } } } }),
  );

function declare(metadata: ResponseTypeMetadata): MethodDecorator {
  return (_target, _key, descriptor) => Reflect.defineMetadata(RETURNS, metadata, descriptor.value as object);
}

function shapeItem(type: ResponseClass): ResponseTypeMetadata['shape'] {
  return (value, audience) => {
    if (value === null || value === undefined || Array.isArray(value))
      throw new Error(`the handler returned no ${type.name}`);
    return serializerOf(type, audience)(value);
  };
}

function shapeList(type: ResponseClass): ResponseTypeMetadata['shape'] {
  return (value, audience) => {
    const { items, nextCursor } = (value ?? {}) as { items?: unknown; nextCursor?: unknown };
    if (!Array.isArray(items)) throw new Error(`the handler returned no { items, nextCursor } of ${type.name}`);
    return {
      items: items.map(serializerOf(type, audience)),
      nextCursor: typeof nextCursor === 'string' ? nextCursor : null,
    };
  };
}

function shapeStream(type: ResponseClass, value: unknown): StreamableFile {
  if (!(value instanceof EventStream) || value.type !== type)
    throw new Error(`the handler returned no stream of ${type.name}`);
  return new StreamableFile(value, { type: EVENT_STREAM }).setErrorHandler((_cut, response) => response.destroy?.());
}

function shapeRedirect(value: unknown): unknown {
  const { url } = (value ?? {}) as { url?: unknown };
  if (typeof url !== 'string') throw new Error('the handler returned no { url }');
  return { url };
}

function only(right: (value: unknown) => boolean, what: string): (value: unknown) => unknown {
  return (value) => {
    if (!right(value)) throw new Error(`the handler returned something else than ${what}`);
    return value;
  };
}

function listSchema(type: ResponseClass): object {
  return {
    type: 'object',
    required: ['items', 'nextCursor'],
    properties: {
      items: { type: 'array', items: { $ref: getSchemaPath(type) } },
      nextCursor: { type: 'string', nullable: true },
    },
  };
}
