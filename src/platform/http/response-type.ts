import { applyDecorators, Header, HttpCode, Redirect, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiProduces, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { EventStream } from './event-stream.js';
import { fieldsOf, serializerOf } from './serializer.js';
import type { Audience, ResponseClass } from './serializer.js';

/** The response that a route declares. */
export interface ResponseTypeMetadata {
  kind: 'item' | 'list' | 'nothing' | 'file' | 'text' | 'redirect' | 'stream';
  status: number;
  type?: ResponseClass;
  /** Serializes the result of the handler for an audience. Throws for a result that does not match the declaration. */
  shape: (value: unknown, audience: Audience) => unknown;
}

const EVENT_STREAM = 'text/event-stream';
const BINARY = 'application/octet-stream';
const BINARY_CONTENT = { [BINARY]: { schema: { type: 'string', format: 'binary' } } };
const RESPONSE_TYPE = Symbol('vouchsafe:response-type');
const declaredClasses = new Set<ResponseClass>();

/** Returns the response type of a handler, or undefined without @ResponseType. Without one, the interceptor throws. */
export function responseTypeOf(handler: object): ResponseTypeMetadata | undefined {
  return Reflect.getMetadata(RESPONSE_TYPE, handler) as ResponseTypeMetadata | undefined;
}

/** Returns the classes of all @ResponseType decorators and their nested classes. */
export function responseClasses(): ResponseClass[] {
  const found = new Set(declaredClasses);
  for (const type of found) {
    // the set grows during the iteration
    for (const { type: nested } of fieldsOf(type)) if (nested !== undefined && nested !== Object) found.add(nested);
  }
  return [...found];
}

/**
 * Declares the response class. Only its `@Expose()` fields are returned, and `@StaffOnly()` fields only to staff. With
 * `list`, the handler returns `{ items, nextCursor }`. With `isOptional`, the handler may return undefined and set the
 * status 204. The default is status 200 and JSON.
 */
export function ResponseType(
  type: ResponseClass,
  {
    list = false,
    status = 200,
    contentType,
    isOptional = false,
  }: { list?: boolean; status?: number; contentType?: string; isOptional?: boolean } = {},
): MethodDecorator {
  declaredClasses.add(type);
  const schema = list ? listSchema(type) : { $ref: getSchemaPath(type) };
  const shape = list ? shapeList(type) : shapeItem(type);
  return applyDecorators(
    declare({
      kind: list ? 'list' : 'item',
      status,
      type,
      shape: isOptional ? (value, audience) => (value === undefined ? undefined : shape(value, audience)) : shape,
    }),
    ...(isOptional ? [ApiResponse({ status: 204, description: 'No content' })] : []),
    HttpCode(status),
    ...(contentType === undefined ? [] : [Header('Content-Type', contentType)]),
    ApiExtraModels(type),
    ApiResponse({
      status,
      description: list ? 'A page of results' : 'The result',
      content: { [contentType ?? 'application/json']: { schema } },
    }),
  );
}

/** Responds with 204, or with 202 for work that is done later. The result of the handler is ignored. */
ResponseType.nothing = (status: 202 | 204 = 204): MethodDecorator =>
  applyDecorators(
    declare({ kind: 'nothing', status, shape: () => undefined }),
    HttpCode(status),
    ApiResponse({ status, description: status === 204 ? 'No content' : 'Accepted' }),
  );

/** Responds with a file: the handler returns a StreamableFile. With `ranges`, it may also be a part of the file. */
ResponseType.file = ({ ranges = false } = {}): MethodDecorator =>
  applyDecorators(
    declare({
      kind: 'file',
      status: 200,
      shape: only((value): value is StreamableFile => value instanceof StreamableFile, 'a StreamableFile'),
    }),
    HttpCode(200),
    ApiProduces(BINARY),
    ApiResponse({ status: 200, description: 'The file', content: BINARY_CONTENT }),
    ...(ranges ? [ApiResponse({ status: 206, description: 'A part of the file', content: BINARY_CONTENT })] : []),
  );

/** Responds with text of another content type, such as XML: the handler returns a string. */
ResponseType.text = (contentType: string): MethodDecorator =>
  applyDecorators(
    declare({ kind: 'text', status: 200, shape: only((value) => typeof value === 'string', 'a string') }),
    HttpCode(200),
    Header('Content-Type', contentType),
    ApiProduces(contentType),
    ApiResponse({ status: 200, description: 'The result', content: { [contentType]: { schema: { type: 'string' } } } }),
  );

/**
 * Responds with server-sent events that continue after the transaction of the request. The handler returns an
 * EventStream of the response class. X-Accel-Buffering prevents buffering in proxies.
 */
ResponseType.stream = (type: ResponseClass): MethodDecorator => {
  declaredClasses.add(type);
  return applyDecorators(
    declare({ kind: 'stream', status: 200, type, shape: (value) => shapeStream(type, value) }),
    HttpCode(200),
    Header('X-Accel-Buffering', 'no'),
    ApiExtraModels(type),
    ApiProduces(EVENT_STREAM),
    ApiResponse({
      status: 200,
      description: 'Server-sent events with this data',
      content: { [EVENT_STREAM]: { schema: { $ref: getSchemaPath(type) } } },
    }),
  );
};

/** Responds with a redirect: the handler returns `{ url }`. */
ResponseType.redirect = (status: 302 | 303 = 302): MethodDecorator =>
  applyDecorators(
    declare({ kind: 'redirect', status, shape: shapeRedirect }),
    Redirect('', status),
    ApiResponse({ status, description: 'Redirect', headers: { Location: { schema: { type: 'string' } } } }),
  );

function declare(metadata: ResponseTypeMetadata): MethodDecorator {
  return (_target, _key, descriptor) => Reflect.defineMetadata(RESPONSE_TYPE, metadata, descriptor.value as object);
}

function shapeItem(type: ResponseClass): ResponseTypeMetadata['shape'] {
  return (value, audience) => {
    if (value === null || value === undefined || Array.isArray(value))
      throw new Error(`the handler did not return a ${type.name}`);
    return serializerOf(type, audience)(value);
  };
}

function shapeList(type: ResponseClass): ResponseTypeMetadata['shape'] {
  return (value, audience) => {
    const { items, nextCursor } = (value ?? {}) as { items?: unknown; nextCursor?: unknown };
    if (!Array.isArray(items)) throw new Error(`the handler did not return { items, nextCursor } of ${type.name}`);
    return {
      items: items.map(serializerOf(type, audience)),
      nextCursor: typeof nextCursor === 'string' ? nextCursor : null,
    };
  };
}

function shapeStream(type: ResponseClass, value: unknown): StreamableFile {
  if (!(value instanceof EventStream) || value.type !== type)
    throw new Error(`the handler did not return a stream of ${type.name}`);
  return new StreamableFile(value, { type: EVENT_STREAM }).setErrorHandler((_error, response) => response.destroy?.());
}

function shapeRedirect(value: unknown): unknown {
  const { url } = (value ?? {}) as { url?: unknown };
  if (typeof url !== 'string') throw new Error('the handler did not return { url }');
  return { url };
}

function only(isValid: (value: unknown) => boolean, expected: string): (value: unknown) => unknown {
  return (value) => {
    if (!isValid(value)) throw new Error(`the handler did not return ${expected}`);
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
