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
  /** Where it stands in the document: from its `<` to behind its last `>`, in UTF-16 units. */
  readonly range: readonly [from: number, to: number];
}

/** What a document may hold at most. */
export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Elements and attributes together, namespace declarations among them. */
  readonly maxNodes: number;
  /** Metadata files are full of comments; in a signed message a comment only ever splits a value. */
  readonly skipComments?: boolean;
}

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  readonly range: [number, number];
  text: string;
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';

function refuse(reason: SamlErrorCode): never {
  throw new SamlError(reason);
}

/** Attributes of an open tag without the namespace declarations. */
function attributesOf(tag: { attributes: Record<string, SaxesAttributeNS> }): XmlAttribute[] {
  return Object.values(tag.attributes)
    .filter(({ uri }) => uri !== XMLNS)
    .map(({ local, uri, value }) => ({ local, uri, value }));
}

/** Builds the tree while the parser runs, and stops it at the first thing that is not allowed. */
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
    if (++nodes > limits.maxNodes) refuse('xml_too_many_nodes');
  };
  parser.on('xmldecl', ({ version, encoding }) => {
    if (version !== '1.0' || (encoding && encoding.toLowerCase() !== 'utf-8')) refuse('xml_encoding');
  });
  parser.on('doctype', () => refuse('xml_doctype'));
  parser.on('cdata', () => refuse('xml_cdata'));
  parser.on('processinginstruction', () => refuse('xml_instruction'));
  parser.on('comment', () => {
    if (!limits.skipComments) refuse('xml_comment');
  });
  parser.on('opentagstart', () => {
    if (open.length >= limits.maxDepth) refuse('xml_too_deep');
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
  return () => root ?? refuse('xml_malformed');
}

/**
 * Reads a namespace-well-formed XML 1.0 document in UTF-8 into a small tree, in linear time, and refuses
 * what a SAML message never needs: DOCTYPE, comments, CDATA, processing instructions, great depth or
 * breadth. No entity but the five predefined ones exists here, and nothing is ever fetched.
 */
export function readXml(text: string, limits: XmlLimits): XmlElement {
  if (Buffer.byteLength(text) > limits.maxBytes) refuse('too_large');
  // A parser elsewhere may drop a byte order mark that this one counts as text; there is no need for one.
  if (text.startsWith('\uFEFF')) refuse('xml_encoding');
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

/** The children of an element with this name in this namespace. */
export function childrenNamed(element: XmlElement, uri: string, local: string): XmlElement[] {
  return element.children.filter((child) => child.local === local && child.uri === uri);
}

/** The value of an attribute that stands in no namespace, as all of SAML's own do. */
export function attribute(element: XmlElement, local: string): string | undefined {
  return element.attributes.find((candidate) => candidate.local === local && candidate.uri === '')?.value;
}

/** The element and everything below it, in document order. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* descendants(child);
}
