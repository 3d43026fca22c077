import { Readable } from 'node:stream';
import PDFDocument from 'pdfkit';
import { breakLines } from './line-breaks.js';
import { printable, type FontName, type Run } from './pdf-fonts.js';
import { documentFont } from './shaping.js';
import { visualRuns } from './visual-order.js';
import { WatermarkFailed } from './watermark.js';

/** The content of a person's record; the caller has formatted and masked it. */
export interface PersonRecord {
  readonly title: string;
  readonly sections: readonly RecordSection[];
}

export interface RecordSection {
  readonly heading: string;
  readonly rows: readonly { readonly label: string; readonly value: string }[];
}

interface Style {
  readonly font: FontName;
  /** Points (1/72 inch). */
  readonly size: number;
}

type Structure = PDFKit.PDFStructureElement;

const MARGINS = { top: 54, right: 54, bottom: 84, left: 54 };
const LABEL_WIDTH = 150;
const GAP = 12;
const LEADING = 1.35;
const TITLE: Style = { font: 'bold', size: 16 };
const HEADING: Style = { font: 'bold', size: 11.5 };
const LABEL: Style = { font: 'bold', size: 9 };
const VALUE: Style = { font: 'regular', size: 9.5 };
/** The footer uses the first size at which the whole watermark fits below the text. */
const FOOTER_SIZES = [6.5, 5, 4];
const FOOTER_BASELINE = 24;
const DIAGONAL_LARGEST = 28;
/** With a list of features, also an empty one, pdfkit does not divide a run into words before it is shaped. */
const WHOLE_RUN: [] = [];

/**
 * Renders a person's record as PDF 1.7 on letter paper. Title, headings and tables are tagged for screen readers. The
 * watermark is in the metadata, in the footer, and diagonally on every page.
 *
 * @param watermark the line from `watermarkText`
 * @returns the file; the layout is complete before the first byte is sent
 * @throws WatermarkFailed when a page would lack the watermark
 */
export function renderPersonPdf(record: PersonRecord, watermark: string): Readable {
  return new PersonPdf(record, watermark).render();
}

class PersonPdf {
  private readonly doc: PDFKit.PDFDocument;
  private readonly watermark: string;
  private readonly fonts = new Set<FontName>();
  private markedPages = 0;

  constructor(
    private readonly record: PersonRecord,
    watermark: string,
  ) {
    this.watermark = printable(watermark).trim();
    if (this.watermark === '' || this.watermark.includes('\n')) throw new WatermarkFailed('it is not a single line');
    this.doc = new PDFDocument({
      size: 'LETTER',
      margins: MARGINS,
      autoFirstPage: false,
      pdfVersion: '1.7',
      tagged: true,
      displayTitle: true,
      lang: 'en',
      info: {
        Title: printable(record.title),
        Subject: watermark,
        Keywords: watermark,
        Creator: 'Vouchsafe',
        Producer: 'Vouchsafe',
      },
    });
    this.doc.on('pageAdded', () => this.mark());
  }

  render(): Readable {
    const { doc, record } = this;
    const root = doc.struct('Document');
    doc.addStructure(root);
    doc.addPage();
    this.paragraph(root, 'H1', TITLE, record.title);
    for (const { heading, rows } of record.sections) {
      const section = doc.struct('Sect');
      root.add(section);
      this.makeRoom(4 * HEADING.size);
      doc.y += GAP;
      this.paragraph(section, 'H2', HEADING, heading);
      if (rows.length > 0) this.table(section, rows);
      section.end();
    }
    root.end();
    const { start, count } = doc.bufferedPageRange();
    if (this.markedPages !== start + count) throw new WatermarkFailed('a page has no watermark');
    doc.end();
    return Readable.from(doc, { objectMode: false });
  }

  private table(parent: Structure, rows: RecordSection['rows']): void {
    const table = this.doc.struct('Table');
    parent.add(table);
    for (const { label, value } of rows) this.row(table, label, value);
    table.end();
  }

  /** Draws label and value next to each other, line by line, so that either can continue on the next page. */
  private row(table: Structure, label: string, value: string): void {
    const { doc } = this;
    const [row, head, data] = [doc.struct('TR'), doc.struct('TH'), doc.struct('TD')];
    table.add(row);
    row.add(head);
    row.add(data);
    const valueX = MARGINS.left + LABEL_WIDTH + GAP;
    const labels = this.lines(label, LABEL, LABEL_WIDTH);
    const values = this.lines(value, VALUE, doc.page.width - MARGINS.right - valueX);
    const height = VALUE.size * LEADING;
    for (let i = 0; i < Math.max(labels.length, values.length); i++) {
      this.makeRoom(height);
      const baseline = doc.y + VALUE.size;
      this.tagged(head, 'TH', labels[i], (line) => this.draw(line, LABEL, MARGINS.left, baseline));
      this.tagged(data, 'TD', values[i], (line) => this.draw(line, VALUE, valueX, baseline));
      doc.y = baseline - VALUE.size + height;
    }
    head.end();
    data.end();
    row.end();
  }

  private paragraph(parent: Structure, tag: string, style: Style, text: string): void {
    const { doc } = this;
    const element = doc.struct(tag);
    parent.add(element);
    const height = style.size * LEADING;
    for (const line of this.lines(text, style, doc.page.width - MARGINS.left - MARGINS.right)) {
      this.makeRoom(height);
      const top = doc.y;
      this.tagged(element, tag, line, () => this.draw(line, style, MARGINS.left, top + style.size));
      doc.y = top + height;
    }
    element.end();
  }

  /** Draws the line, if present, as content of a structure element on the current page. */
  private tagged(element: Structure, tag: string, line: string | undefined, draw: (line: string) => void): void {
    if (!line) return;
    element.add(this.doc.markStructureContent(tag));
    draw(line);
    this.doc.endMarkedContent();
  }

  private makeRoom(height: number): void {
    if (this.doc.y + height > this.doc.page.height - MARGINS.bottom) this.doc.addPage();
  }

  private lines(text: string, style: Style, width: number): string[] {
    return breakLines(printable(text), width, (piece) => this.widthOf(piece, style));
  }

  private widthOf(text: string, style: Style): number {
    return visualRuns(text, style.font).reduce((sum, run) => sum + this.runWidth(run, style), 0);
  }

  /** Draws one line without wrapping, so that no page break splits a line. */
  private draw(line: string, style: Style, x: number, baseline: number): void {
    let at = x;
    for (const run of visualRuns(line, style.font)) {
      const width = this.runWidth(run, style);
      // Glyphs in another order than the characters: readers get the text from here (ISO 32000-1 section 14.9.4).
      this.doc.markContent('Span', { actual: run.text });
      this.doc.text(run.text, at, baseline, { lineBreak: false, baseline: 'alphabetic', features: WHOLE_RUN });
      this.doc.endMarkedContent();
      at += width;
    }
  }

  /** Returns the width of a run in points and leaves its font selected. */
  private runWidth(run: Run, { size }: Style): number {
    if (!this.fonts.has(run.font)) this.doc.registerFont(run.font, documentFont(run.font) as never);
    this.fonts.add(run.font);
    return this.doc.font(run.font, size).widthOfString(run.text, { features: WHOLE_RUN });
  }

  /** Draws the watermark on a new page before other content. */
  private mark(): void {
    const { doc } = this;
    const { x, y } = doc;
    doc.markContent('Artifact', { type: 'Pagination' });
    this.markSlantwise();
    this.markFooter();
    doc.endMarkedContent();
    [doc.x, doc.y] = [x, y];
    this.markedPages++;
  }

  private markSlantwise(): void {
    const { doc, watermark } = this;
    const { width, height } = doc.page;
    const room = Math.hypot(width, height) * 0.85;
    const size = Math.min(DIAGONAL_LARGEST, room / this.widthOf(watermark, { font: 'regular', size: 1 }));
    const style: Style = { font: 'regular', size };
    doc.save();
    doc.rotate((-Math.atan2(height, width) * 180) / Math.PI, { origin: [width / 2, height / 2] });
    doc.fillColor('black').fillOpacity(0.13);
    this.draw(watermark, style, (width - this.widthOf(watermark, style)) / 2, height / 2);
    doc.restore();
  }

  private markFooter(): void {
    const { doc } = this;
    const { width, height } = doc.page;
    for (const size of FOOTER_SIZES) {
      const style: Style = { font: 'regular', size };
      const lines = this.lines(this.watermark, style, width - MARGINS.left - MARGINS.right);
      const lineHeight = size * LEADING;
      const first = height - FOOTER_BASELINE - (lines.length - 1) * lineHeight;
      if (first - lineHeight < height - MARGINS.bottom) continue;
      doc.save();
      doc.fillColor('#333333').fillOpacity(1);
      lines.forEach((line, i) => this.draw(line, style, MARGINS.left, first + i * lineHeight));
      doc.restore();
      return;
    }
    throw new WatermarkFailed('it is too long for the footer');
  }
}
