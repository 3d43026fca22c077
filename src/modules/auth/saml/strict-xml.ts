import { type SaxesAttributeNS, SaxesParser } from 'saxes';
import { SamlError, type SamlErrorCode } from './saml-error.js';

/** An attribute with its namespace resolved; namespace declarations are not attributes. */
export interface XmlAttribute {
  readonly local: string;
  readonly uri: string;
  readonly value: string;
}

/** An element with its namespace resolved. `text` joins the character data directly inside it. */
export interface XmlElement {
  readonly local: string;
  readonly uri: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  readonly text: string;
  /** The position in the document: from the index of its `<` to the index after its last `>`, in UTF-16 units. */
  readonly range: readonly [from: number, to: number];
}

/** The size limits of a document. */
export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** The number of elements and attributes together, including namespace declarations. */
  readonly maxNodes: number;
  /** Whether comments are allowed: metadata files contain them, but in a signed message a comment can split a value. */
  readonly skipComments?: boolean;
}

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  readonly range: [number, number];
  text: string;
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';

function reject(reason: SamlErrorCode): never {
  throw new SamlError(reason);
}

/** Returns the attributes of an open tag without namespace declarations. */
function attributesOf(tag: { attributes: Record<string, SaxesAttributeNS> }): XmlAttribute[] {
  return Object.values(tag.attributes)
    .filter(({ uri }) => uri !== XMLNS)
    .map(({ local, uri, value }) => ({ local, uri, value }));
}

/** Builds the tree while the parser runs. Throws at the first construct that is not allowed. */
function treeBuilder(
  parser: SaxesParser<{ xmlns: true; position: false }>,
  document: string,
  limits: XmlLimits,
): () => XmlElement {
  const open: OpenElement[] = [];
  let start = 0;
  let root: OpenElement | undefined;
  let nodes = 0;
  const count = (): void => {
    if (++nodes > limits.maxNodes) reject('xml_too_many_nodes');
  };
  parser.on('xmldecl', ({ version, encoding }) => {
    if (version !== '1.0' || (encoding && encoding.toLowerCase() !== 'utf-8')) reject('xml_encoding');
  });
  parser.on('doctype', () => reject('xml_doctype'));
  parser.on('cdata', () => reject('xml_cdata'));
  parser.on('processinginstruction', () => reject('xml_instruction'));
  parser.on('comment', () => {
    if (!limits.skipComments) reject('xml_comment');
  });
  parser.on('opentagstart', () => {
    if (open.length >= limits.maxDepth) reject('xml_too_deep');
    count();
    start = document.lastIndexOf('<', parser.position - 1);
  });
  parser.on('attribute', count);
  parser.on('opentag', (tag) => {
    const element: OpenElement = {
      local: tag.local,
      uri: tag.uri,
      attributes: attributesOf(tag),
      children: [],
      text: '',
      range: [start, start],
    };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (element) element.text += text;
  });
  parser.on('closetag', () => {
    root = open.pop();
    root!.range[1] = parser.position;
  });
  return () => root ?? reject('xml_malformed');
}

/**
 * Reads an XML 1.0 document in UTF-8 with correct namespaces into a small tree, in linear time. It rejects constructs
 * that a SAML message never needs: DOCTYPE, comments, CDATA, processing instructions, and great depth or breadth. It
 * knows only the five predefined entities and fetches nothing.
 */
export function readXml(text: string, limits: XmlLimits): XmlElement {
  if (Buffer.byteLength(text) > limits.maxBytes) reject('too_large');
  // Another parser may drop a byte order mark that this one reads as text, so the document must not have one.
  if (text.startsWith('\uFEFF')) reject('xml_encoding');
  const parser = new SaxesParser({ xmlns: true, position: false });
  const root = treeBuilder(parser, text, limits);
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof SamlError) throw error;
    throw new SamlError('xml_malformed', undefined, { cause: error });
  }
  return root();
}

/** Returns the children of an element with this name in this namespace. */
export function childrenNamed(element: XmlElement, uri: string, local: string): XmlElement[] {
  return element.children.filter((child) => child.local === local && child.uri === uri);
}

/** Returns the value of an attribute without a namespace. SAML's own attributes have none. */
export function attribute(element: XmlElement, local: string): string | undefined {
  return element.attributes.find((candidate) => candidate.local === local && candidate.uri === '')?.value;
}

/** Yields the element and all its descendants, in document order. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* descendants(child);
}
