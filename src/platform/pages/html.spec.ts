import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { html } from './html.js';

describe('html', () => {
  it('escapes every value, in text and in quoted attributes', () => {
    expect(html`<p title="${'"><script>'}">${`<b>'&'</b>`}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;&#39;&amp;&#39;&lt;/b&gt;</p>',
    );
  });

  it('keeps markup, joins lists, and omits missing values', () => {
    expect(html`<ul>${['a', '<'].map((item) => html`<li>${item}</li>`)}</ul>${false}${null}${undefined}${0}`.text).toBe(
      '<ul><li>a</li><li>&lt;</li></ul>0',
    );
  });

  it('prevents values from opening a tag, an attribute, or an entity', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const inside = html`<i a="${value}">${value}</i>`.text.slice('<i a="'.length, -'</i>'.length);
        expect(inside.replace('">', '')).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
      }),
    );
  });
});
