import { setImmediate } from 'node:timers/promises';
import { SamlError } from './saml-error.js';

/** A metadata file: its text, or its bytes in pieces of any size. */
export type MetadataSource = string | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The parser reads this many characters at a time, so that other requests wait a few milliseconds at most. */
const PIECE_LENGTH = 32 * 1024;
/** White space before the XML declaration. XML forbids it, but editors and templates produce it. */
const LEADING_SPACE = /^[\uFEFF \t\r\n]+/;

/** Yields the text of a file in small pieces, without leading white space. Throws SamlError `not_utf8`. */
export async function* textPieces(source: MetadataSource): AsyncGenerator<string> {
  let started = false;
  for await (const text of typeof source === 'string' ? [source] : decoded(source)) {
    const rest: string = started ? text : text.replace(LEADING_SPACE, '');
    started ||= rest !== '';
    for (let at = 0; at < rest.length; at += PIECE_LENGTH) {
      yield rest.slice(at, at + PIECE_LENGTH);
      await setImmediate();
    }
  }
}

/** Returns the text of a metadata file of any supported encoding. Throws SamlError `not_utf8`. */
export async function metadataText(bytes: Uint8Array): Promise<string> {
  let text = '';
  for await (const piece of decoded([bytes])) text += piece;
  return text;
}

/**
 * Decodes UTF-8, or UTF-16 with a byte order mark (XML 1.0, section 4.3.3). The declared encoding does not matter,
 * because programs re-encode files without a change of the declaration.
 */
async function* decoded(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  let start = Buffer.alloc(0);
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  const decode = (bytes: Uint8Array, stream: boolean): string => {
    try {
      return decoder!.decode(bytes, { stream });
    } catch (cause) {
      throw new SamlError('not_utf8', undefined, { cause });
    }
  };
  for await (const chunk of chunks) {
    if (decoder !== undefined) yield decode(chunk, true);
    else if ((start = Buffer.concat([start, chunk])).length >= 2) {
      decoder = new TextDecoder(encodingOf(start), { fatal: true });
      yield decode(start, true);
    }
  }
  decoder ??= new TextDecoder('utf-8', { fatal: true });
  yield decode(start.length < 2 ? start : Buffer.alloc(0), false);
}

/** Returns the encoding that the byte order mark states, otherwise UTF-8. */
function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return 'utf-8';
}
