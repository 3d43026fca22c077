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

/** The size limits of a document, and what it may contain. */
export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxElements: number;
  /** The number of attributes of all elements together, including namespace declarations. */
  readonly maxAttributes: number;
  /**
   * The number of distinct prefixes that may be declared for one element, by itself and the elements around it. Needed
   * for signed messages, because canonicalization reads all namespaces in scope of an element.
   */
  readonly maxPrefixes?: number;
  /**
   * Whether comments, CDATA sections, processing instructions, and any declared encoding are allowed. Metadata files
   * contain them. In a signed message, they can split a value or let two parsers read different values.
   */
  readonly lenient?: boolean;
  /**
   * Whether a malformed document is read to its end before it is rejected, so that the time does not show the place of
   * the defect. Documents above a limit are rejected at once.
   */
  readonly readsToEnd?: boolean;
}

/**
 * Decides after each end tag whether the element stays in the tree. Without it, all elements stay. `enclosing` are the
 * open elements around it, outermost first.
 */
export type KeepElement = (element: XmlElement, enclosing: readonly XmlElement[]) => boolean;

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  readonly range: [number, number];
  text: string;
}

/** The value of `maxPrefixes` for signed messages. Providers have at most ten prefixes in scope. */
export const MAX_PREFIXES = 50;

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

/**
 * Reads an XML 1.0 document with correct namespaces into a small tree, in linear time and in pieces of any size. It
 * rejects constructs that a SAML message never needs. It knows only the five predefined entities and fetches nothing.
 */
export class XmlReader {
  private readonly parser = new SaxesParser({ xmlns: true, position: false });
  private readonly open: OpenElement[] = [];
  private root: OpenElement | undefined;
  private bytes = 0;
  private elements = 0;
  private attributes = 0;
  /** The values of `elements` and `attributes` before each open element. */
  private readonly before: (readonly [elements: number, attributes: number])[] = [];
  /** The prefixes that each open element declares, and how many of these elements declare each. */
  private readonly declared: string[][] = [];
  private readonly inScope = new Map<string, number>();
  /** The index of the last `<` that a start tag may have. */
  private start = 0;
  private written = '';
  private isMalformed = false;

  constructor(
    private readonly limits: XmlLimits,
    private readonly keep: KeepElement = () => true,
  ) {
    this.checkMarkup();
    this.buildTree();
    if (!limits.readsToEnd) return;
    const defect = new SamlError('xml_malformed');
    this.parser.makeError = () => defect; // one for all, because the trace of each would take time
    this.parser.on('error', () => (this.isMalformed = true));
  }

  /** Reads the next piece. Throws SamlError. */
  write(text: string): void {
    if ((this.bytes += Buffer.byteLength(text)) > this.limits.maxBytes) reject('too_large');
    this.written = text;
    this.parse(() => this.parser.write(text));
  }

  /** Returns the root element. Throws SamlError for an incomplete document. */
  close(): XmlElement {
    this.parse(() => this.parser.close());
    if (this.isMalformed) reject('xml_malformed');
    return this.root ?? reject('xml_malformed');
  }

  private parse(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (error instanceof SamlError) throw error;
      throw new SamlError('xml_malformed', undefined, { cause: error });
    }
  }

  private refuse(reason: SamlErrorCode): void {
    if (!this.limits.readsToEnd) reject(reason);
    this.isMalformed = true;
  }

  /** Rejects the constructs that are not allowed. */
  private checkMarkup(): void {
    const { parser, limits } = this;
    const refuse = (reason: SamlErrorCode): void => this.refuse(reason);
    parser.on('doctype', () => refuse('xml_doctype'));
    parser.on('xmldecl', ({ version, encoding }) => {
      const isUtf8 = !encoding || encoding.toLowerCase() === 'utf-8';
      if (version !== '1.0' || !(isUtf8 || limits.lenient)) refuse('xml_encoding');
    });
    if (limits.lenient) return;
    parser.on('cdata', () => refuse('xml_cdata'));
    parser.on('processinginstruction', () => refuse('xml_instruction'));
    parser.on('comment', () => refuse('xml_comment'));
  }

  private buildTree(): void {
    const { parser, open, before, limits } = this;
    const addText = (text: string): void => {
      const element = open.at(-1);
      if (element) element.text += text;
    };
    parser.on('opentagstart', () => {
      if (open.length >= limits.maxDepth) reject('xml_too_deep');
      before.push([this.elements, this.attributes]);
      if (++this.elements > limits.maxElements) reject('xml_too_many_nodes');
      this.start = this.written.lastIndexOf('<', parser.position - 1);
    });
    parser.on('attribute', () => {
      if (++this.attributes > limits.maxAttributes) reject('xml_too_many_nodes');
    });
    parser.on('opentag', ({ local, uri, ...tag }) => {
      this.declare(Object.keys(tag.ns));
      const range: [number, number] = [this.start, this.start];
      const element = { local, uri, attributes: attributesOf(tag), children: [], text: '', range };
      open.at(-1)?.children.push(element);
      open.push(element);
    });
    parser.on('text', addText);
    if (limits.lenient) parser.on('cdata', addText);
    parser.on('closetag', () => this.closeElement());
  }

  private declare(prefixes: string[]): void {
    const { declared, inScope, limits } = this;
    declared.push(prefixes);
    for (const prefix of prefixes) inScope.set(prefix, (inScope.get(prefix) ?? 0) + 1);
    if (inScope.size > (limits.maxPrefixes ?? Infinity)) this.refuse('xml_too_many_nodes');
  }

  private undeclare(): void {
    for (const prefix of this.declared.pop()!) {
      const count = this.inScope.get(prefix)! - 1;
      if (count === 0) this.inScope.delete(prefix);
      else this.inScope.set(prefix, count);
    }
  }

  private closeElement(): void {
    const { open, before, parser } = this;
    this.undeclare();
    this.root = open.pop()!;
    this.root.range[1] = parser.position;
    const counted = before.pop()!;
    if (this.keep(this.root, open)) return;
    open.at(-1)?.children.pop();
    [this.elements, this.attributes] = counted;
  }
}

/**
 * Reads a whole document in UTF-8 at once; see {@link XmlReader}. Positions in the document are defined only here.
 * Throws SamlError.
 */
export function readXml(text: string, limits: XmlLimits): XmlElement {
  // Another parser may drop a byte order mark that this one reads as text, so the document must not have one.
  if (text.startsWith('\uFEFF')) reject('xml_encoding');
  const reader = new XmlReader(limits);
  reader.write(text);
  return reader.close();
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
