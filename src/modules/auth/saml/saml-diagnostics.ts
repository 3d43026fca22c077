import { masked, type SsoDiagnostics } from '../sso-messages/index.js';
import { ASSERTION, GROUP_NAMES, SIGNATURE } from './saml-names.js';
import { attribute, childrenNamed, descendants, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

const LIMITS: XmlLimits = { maxBytes: 1024 * 1024, maxDepth: 20, maxElements: 1500, maxAttributes: 15_000 };
const ENCRYPTION = 'http://www.w3.org/2001/04/xmlenc#';
/** Elements whose text describes the message and contains no personal data. */
const PLAIN = new Set(['Issuer', 'Audience', 'AuthnContextClassRef', 'StatusMessage']);
/** XML attributes that identify a user, a session, or a location. */
const HIDDEN = new Set(['SessionIndex', 'SPProvidedID', 'Address', 'DNSName']);
/** The usual prefixes of the SAML namespaces (saml-core-2.0-os, section 1.1). */
const PREFIXES: Readonly<Record<string, string>> = {
  'urn:oasis:names:tc:SAML:2.0:protocol': 'samlp:',
  [ASSERTION]: 'saml:',
};
const MAX_TEXT = 30_000;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Returns an element without signatures, keys, and encrypted parts, and with masked values. */
function shown(element: XmlElement, plain: (element: XmlElement) => boolean, indent: string): string {
  const name = `${PREFIXES[element.uri] ?? ''}${element.local}`;
  if (element.uri === SIGNATURE || element.uri === ENCRYPTION) return `${indent}<!-- ${name} omitted -->\n`;
  const attributes = element.attributes
    .map(({ local, value }) => ` ${local}="${escaped(HIDDEN.has(local) ? masked(value) : value)}"`)
    .join('');
  const text = element.text.trim();
  const isPlain = plain(element);
  if (element.children.length === 0)
    return `${indent}<${name}${attributes}>${escaped(isPlain || text === '' ? text : masked(text))}</${name}>\n`;
  const isChildPlain = isPlain && element.local === 'Attribute' ? () => true : plain;
  const inside = element.children.map((child) => shown(child, isChildPlain, `${indent}  `)).join('');
  return `${indent}<${name}${attributes}>\n${inside}${indent}</${name}>\n`;
}

/**
 * Returns the part of a response or an assertion that administrators may see: names, times, conditions, and the values
 * of groups. Returns empty diagnostics for a text that is too large or not well-formed. Never throws.
 */
export function diagnosticsOf(xml: string, connection: { groupAttribute?: string | null } = {}): SsoDiagnostics {
  let root: XmlElement;
  try {
    root = readXml(xml, LIMITS);
  } catch {
    return { attributes: [] };
  }
  const groups = new Set(connection.groupAttribute ? [connection.groupAttribute] : GROUP_NAMES);
  const all = [...descendants(root)];
  const named = all.filter(({ local, uri }) => local === 'Attribute' && uri === ASSERTION);
  const nameId = all.find(({ local, uri }) => local === 'NameID' && uri === ASSERTION);
  const issuer =
    childrenNamed(root, ASSERTION, 'Issuer')[0] ??
    all.find(({ local, uri }) => local === 'Issuer' && uri === ASSERTION);
  const plain = (element: XmlElement): boolean =>
    PLAIN.has(element.local) || (element.local === 'Attribute' && groups.has(attribute(element, 'Name') ?? ''));
  return {
    issuer: issuer?.text,
    nameIdFormat: nameId && attribute(nameId, 'Format'),
    attributes: named.map((element) => attribute(element, 'Name') ?? ''),
    text: shown(root, plain, '').slice(0, MAX_TEXT),
  };
}

/** Returns a comment. It contains no characters that could end it. */
function comment(text: string): string {
  return `<!-- ${text.replaceAll(/[^\w .:/#-]|-{2,}/g, '')} -->\n`;
}

/** Returns the diagnostics of a form post that was rejected, after the detail. The body may have any shape. */
export function diagnosticsOfForm(body: unknown, rejection: { detail?: string }): SsoDiagnostics {
  const posted =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['SAMLResponse'] : undefined;
  const found = diagnosticsOf(typeof posted === 'string' ? Buffer.from(posted, 'base64').toString('utf8') : '');
  const text = rejection.detail === undefined ? found.text : `${comment(rejection.detail)}${found.text ?? ''}`;
  return { ...found, text };
}
