import { inflateRawSync } from 'node:zlib';
import { ensure, SamlError } from './saml-error.js';

/** The greatest size of an incoming SAML message, after decoding and inflation. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** Decodes base64 strictly, because Node ignores invalid characters. */
function bytesOf(base64: string): Buffer {
  ensure(base64.length <= MAX_MESSAGE_BYTES * 1.5, 'too_large');
  const bytes = Buffer.from(base64, 'base64');
  ensure(base64.length > 0 && bytes.toString('base64') === base64, 'not_base64');
  return bytes;
}

function textOf(bytes: Uint8Array): string {
  ensure(bytes.length <= MAX_MESSAGE_BYTES, 'too_large');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SamlError('not_utf8', undefined, { cause });
  }
}

/** Returns the XML of a posted message (saml-bindings-2.0-os, section 3.5). Older senders wrap lines. */
export function postedXml(value: string): string {
  return textOf(bytesOf(value.replaceAll(/[\r\n]/g, '')));
}

/** Returns the XML of a message in a URL (section 3.4.4.1). The size limit stops a compression bomb. */
export function inflatedXml(value: string): string {
  const bytes = bytesOf(value);
  try {
    return textOf(inflateRawSync(bytes, { maxOutputLength: MAX_MESSAGE_BYTES }));
  } catch (cause) {
    if (cause instanceof SamlError) throw cause;
    throw new SamlError(
      (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'not_deflated',
      undefined,
      { cause },
    );
  }
}

type Field = 'SAMLRequest' | 'SAMLResponse';

/**
 * Returns the message in a parsed form post. RelayState is allowed but ignored: the stored request holds the next page.
 * Rejects duplicate fields and SAML fields in the URL, because two readers could see different messages.
 * @throws SamlError
 */
export function postedField<F extends Field>(
  body: unknown,
  query: unknown,
  fields: readonly F[],
): { field: F; xml: string } {
  ensure(Object.keys(Object(query)).length === 0, 'parameter_unexpected');
  const given = Object(body) as Record<string, unknown>;
  const [field, another] = fields.filter((name) => given[name] !== undefined);
  const known: readonly string[] = [field ?? '', 'RelayState'];
  ensure(another === undefined, 'parameter_unexpected');
  ensure(
    !Object.keys(given).some((name) => name.toUpperCase().startsWith('SAML') && !known.includes(name)),
    'parameter_unexpected',
  );
  ensure(field !== undefined, 'parameter_missing');
  const value = given[field];
  ensure(typeof value === 'string', 'parameter_duplicated');
  ensure(given['RelayState'] === undefined || typeof given['RelayState'] === 'string', 'parameter_duplicated');
  return { field, xml: postedXml(value) };
}
