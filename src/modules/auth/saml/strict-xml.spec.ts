import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SamlError } from './saml-error.js';
import {
  attribute,
  childrenNamed,
  descendants,
  readXml,
  XmlReader,
  type XmlElement,
  type XmlLimits,
} from './strict-xml.js';

const LIMITS: XmlLimits = { maxBytes: 1000, maxDepth: 4, maxElements: 10, maxAttributes: 10 };

function rejection(xml: string, limits = LIMITS): string {
  try {
    readXml(xml, limits);
    return 'accepted';
  } catch (error) {
    return error instanceof SamlError ? error.reason : 'crashed';
  }
}

/** Returns an element without its position. */
function shapeOf({ local, uri, attributes, text, children }: XmlElement): object {
  return { local, uri, attributes, text, children: children.map(shapeOf) };
}

describe('readXml', () => {
  it('resolves namespaces by URI, with any prefix', () => {
    const root = readXml('<a:r xmlns:a="urn:1"><b:c xmlns:b="urn:1" x="1" b:x="2">t<d xmlns=""/>u</b:c></a:r>', LIMITS);
    const [child] = childrenNamed(root, 'urn:1', 'c');
    expect(root).toMatchObject({ local: 'r', uri: 'urn:1' });
    expect(child?.text).toBe('tu');
    expect(attribute(child!, 'x')).toBe('1');
    expect([...descendants(root)].map(({ local }) => local)).toEqual(['r', 'c', 'd']);
  });

  it('reads the predefined entities and character references, and no others', () => {
    expect(readXml('<a>&lt;&#65;&#x42;&amp;</a>', LIMITS).text).toBe('<AB&');
    expect(rejection('<a>&nbsp;</a>')).toBe('xml_malformed');
  });

  it('accepts a document at its limits and rejects one above them', () => {
    expect(rejection('<a><a><a><a/></a></a></a>')).toBe('accepted');
    expect(rejection('<a><a><a><a><a/></a></a></a></a>')).toBe('xml_too_deep');
    expect(rejection(`<a>${'<b/>'.repeat(9)}</a>`)).toBe('accepted');
    expect(rejection(`<a>${'<b/>'.repeat(10)}</a>`)).toBe('xml_too_many_nodes');
    expect(rejection(`<a ${Array.from('bcdefghijk', (name) => `${name}=""`).join(' ')}/>`)).toBe('accepted');
    expect(rejection(`<a ${Array.from('bcdefghijkl', (name) => `xmlns:${name}="u"`).join(' ')}/>`)).toBe(
      'xml_too_many_nodes',
    );
    expect(rejection(`<a>${'x'.repeat(993)}</a>`)).toBe('accepted');
    expect(rejection(`<a>${'x'.repeat(994)}</a>`)).toBe('too_large');
  });

  it('counts bytes, not characters', () => {
    expect(rejection(`<a>${'€'.repeat(400)}</a>`)).toBe('too_large');
  });

  it.each([
    '',
    ' ',
    '<',
    '<a',
    '<a>',
    'a',
    '<a></b>',
    '<a/><b/>',
    '<a/>b',
    '<a b=c/>',
    '<a b="<"/>',
    '<a:b/>',
    '<xmlns:a/>',
    '<a xmlns:b=""/>',
  ])('rejects %j as malformed', (xml) => expect(rejection(xml)).toBe('xml_malformed'));

  it('reads comments, CDATA, instructions, and another declared encoding only in a lenient document', () => {
    expect(rejection('<a><!-- x --></a>')).toBe('xml_comment');
    expect(rejection('<a><![CDATA[x]]></a>')).toBe('xml_cdata');
    expect(rejection('<?x y?><a/>')).toBe('xml_instruction');
    expect(rejection('<?xml version="1.0" encoding="utf-16"?><a/>')).toBe('xml_encoding');
    const lenient = { ...LIMITS, lenient: true };
    const text = '<?xml version="1.0" encoding="utf-16"?><?x y?><a>1<!-- x -->2<![CDATA[<3>]]></a>';
    expect(readXml(text, lenient).text).toBe('12<3>');
    expect(rejection('<!DOCTYPE a><a/>', lenient)).toBe('xml_doctype');
    expect(rejection('<a>&b;</a>', lenient)).toBe('xml_malformed');
  });

  it('reads a document in pieces of any size, with the same result', () => {
    const text = '<?xml version="1.0"?><a b="&lt;🙂">x<c xmlns="urn:1">\r\n🙂<d/></c>&amp;</a>';
    const whole = shapeOf(readXml(text, LIMITS));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 8 }), (cuts) => {
        const reader = new XmlReader(LIMITS);
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        for (const [index, place] of places.slice(1).entries()) reader.write(text.slice(places[index], place));
        expect(shapeOf(reader.close())).toEqual(whole);
      }),
    );
  });

  it('counts only the elements that stay in the tree', () => {
    const reader = new XmlReader({ ...LIMITS, maxBytes: 9999 }, ({ local }) => local !== 'b');
    reader.write(`<a>${'<b><c d=""/></b>'.repeat(100)}<e/></a>`);
    expect(reader.close().children.map(({ local }) => local)).toEqual(['e']);
  });

  it('reads or rejects every text without another error', () => {
    const piece = fc.constantFrom(
      '<a',
      '>',
      '</a>',
      '/>',
      ' b="',
      '"',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '&',
      ';',
      '<!DOCTYPE',
      ' xmlns:p="u"',
      'p:',
      '#x41',
      '\0',
      '\uD800',
      '🙂',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }),
        (pieces) => rejection(pieces.join('')) !== 'crashed',
      ),
    );
  });

  it('returns the original text', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '<', '>', '&', '"', "'", ' ', 'é', '🙂') });
    fc.assert(
      fc.property(text, text, (inside, value) => {
        const written = (raw: string): string =>
          raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
        const root = readXml(`<a v="${written(value)}">${written(inside)}</a>`, LIMITS);
        expect([root.text, attribute(root, 'v')]).toEqual([inside, value]);
      }),
    );
  });
});
