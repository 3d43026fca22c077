import { createHash } from 'node:crypto';
import { expectEqual, expectThat, Unexpected, until } from './steps.mjs';

/** Requests an export and waits for its file. Returns { file, ready, states }. */
async function exported(director, body) {
  const { id } = await director.ask(202, 'POST', '/v1/exports', { json: body });
  const states = new Set();
  const ready = await until(`the export ${body.kind}`, async () => {
    const now = await director.get(`/v1/exports/${id}`);
    states.add(now.status);
    if (now.status === 'failed') throw new Unexpected(`the export ${body.kind}`, 'ready', now);
    return now.status === 'ready' ? now : undefined;
  });
  const file = await director.ask(200, 'GET', ready.url);
  expectEqual('SHA-256 of the file', createHash('sha256').update(file).digest('hex'), ready.sha256);
  return { file, ready, states: [...states] };
}

/** Two steps: all people as CSV, one person as PDF. */
export async function exportFiles(runner, demo, director, person) {
  const { user, organization } = await director.get('/v1/auth/me');

  await runner.step('The director exports all people as a watermarked CSV file.', async (see) => {
    const { file, ready, states } = await exported(director, { kind: 'people_csv' });
    const lines = file.toString().trimEnd().split('\r\n');
    see(
      `requested, built by the worker (${states.join(', ')}), ${ready.progress.rows} rows, ${file.length} ` +
        'bytes, with the announced digest',
    );
    const watermark = `Exported by ${user.name} <${user.email}> · ${organization.name} · `;
    expectThat(
      'the watermark',
      lines.every((line) => line.includes(watermark) && line.includes(ready.id)),
      `"${watermark}…" in every line`,
      lines.find((line) => !line.includes(watermark)),
    );
    expectEqual('rows in the file', lines.length - 1, ready.progress.rows);
    see(`every line ends with: ${lines[0].slice(lines[0].indexOf(watermark)).replace(/"$/, '')}`);
    await director.refused(410, 'export_link_expired', 'GET', ready.url);
    see('the same link a second time: 410, because it works once');
  });

  await runner.step("The director exports the new trainee's record as PDF.", async (see) => {
    const { file, ready } = await exported(director, { kind: 'person_pdf', personId: person.id });
    expectEqual('the first bytes', file.subarray(0, 5).toString(), '%PDF-');
    await director.refused(410, 'export_link_expired', 'GET', ready.url);
    see(`a PDF file of ${file.length} bytes with its watermark on every page; its link no longer works either`);
  });
}
