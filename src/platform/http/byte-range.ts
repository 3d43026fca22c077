import { Readable } from 'node:stream';
import type { IncomingHttpHeaders } from 'node:http';
import { StreamableFile } from '@nestjs/common';
import type { Response } from 'express';
import { Problem } from '../problem/problem.js';

/** A part of a file: the first and the last byte, both inclusive, counted from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A file that never changes. `etag` is a strong entity tag with its quotes (RFC 9110 section 8.8.3). */
export interface FileFacts {
  readonly length: number;
  readonly etag: string;
}

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/**
 * Returns the range that a request asks for (RFC 9110 section 14.2). Returns null for a request for the whole file, and
 * for a Range header that a server may ignore: another unit, several ranges, a malformed value, or an If-Range header
 * that does not name this file. Throws `range_not_satisfiable` when the range starts after the last byte.
 */
export function rangeOf(headers: IncomingHttpHeaders, { length, etag }: FileFacts): ByteRange | null {
  const { range, 'if-range': ifRange } = headers;
  const [, from = '', to = ''] = RANGE.exec(range?.replace(/\s/g, '') ?? '') ?? [];
  if ((from === '' && to === '') || (ifRange !== undefined && ifRange !== etag)) return null;
  const [first, last] =
    from === '' ? [Math.max(0, length - Number(to)), length - 1] : [Number(from), to === '' ? length - 1 : Number(to)];
  if (from !== '' && to !== '' && last < first) return null;
  if (first >= length)
    throw new Problem('range_not_satisfiable', { headers: { 'Content-Range': `bytes */${length}` } });
  return { first, last: Math.min(last, length - 1) };
}

/** Returns the bytes of a range. It reads the source from its start, and stops after the last byte of the range. */
export function sliced(source: Readable, { first, last }: ByteRange): Readable {
  return Readable.from(pieces(source, first, last), { objectMode: false });
}

async function* pieces(source: Readable, first: number, last: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const piece = chunk.subarray(Math.max(0, first - at), last + 1 - at);
    at += chunk.length;
    if (piece.length > 0) yield piece;
    if (at > last) return;
  }
}

/** The file, or the part of it, that a response sends. */
export interface FileAnswer extends FileFacts {
  readonly content: Readable;
  readonly range: ByteRange | null;
  readonly type: string;
  readonly name: string;
}

/**
 * Returns the answer for a handler: the whole file, or 206 with its part (RFC 9110 section 15.3.7). Nest sets the
 * status of the route when it begins to send, so the status and headers of a part are set after that.
 */
export function fileAnswer(
  response: Response,
  { content, range, type, name, length, etag }: FileAnswer,
): StreamableFile {
  response.once('pipe', () => {
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('ETag', etag);
    if (range !== null) response.status(206).setHeader('Content-Range', `bytes ${range.first}-${range.last}/${length}`);
  });
  return new StreamableFile(range === null ? content : sliced(content, range), {
    type,
    disposition: `attachment; filename="${name}"`,
    length: range === null ? length : range.last - range.first + 1,
  });
}
