import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expectEqual } from '../tour/steps.mjs';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A browser user: takes a screenshot of each page and checks it for accessibility. */
export class Visitor {
  constructor(page, { url, pictures }, { scripts = true } = {}) {
    this.scripts = scripts;
    this.page = page;
    this.url = url;
    this.pictures = pictures;
    this.violations = [];
    page.on('console', (message) => {
      if (/Content.Security.Policy|Refused to/i.test(message.text())) this.violations.push(message.text());
    });
  }

  open(address) {
    return this.page.goto(new URL(address, this.url).href);
  }

  fill(label, value) {
    return this.page.getByLabel(label, { exact: true }).fill(value);
  }

  press(name) {
    return this.page.getByRole('button', { name, exact: true }).click();
  }

  follow(name) {
    return this.page.getByRole('link', { name, exact: true }).click();
  }

  async arriveAt(address) {
    await this.page.waitForURL((url) => url.pathname === address);
  }

  /** Takes a screenshot, checks accessibility, and returns the heading of the page. */
  async look(name) {
    await this.page.getByRole('heading', { level: 1 }).waitFor();
    await this.page.screenshot({ path: path.join(this.pictures, `${name}.png`), fullPage: true });
    await this.examine(name);
    return this.page.getByRole('heading', { level: 1 }).innerText();
  }

  /** Checks WCAG 2.2 A and AA with axe-core. Without JavaScript, axe-core cannot run. */
  async examine(name) {
    if (!this.scripts) return;
    const found = await this.page.evaluate(
      `${AXE}; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`,
    );
    expectEqual(
      `accessibility of ${name}`,
      found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      [],
    );
  }
}
