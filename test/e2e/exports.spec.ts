import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extractText, getDocumentProxy } from 'unpdf';
import { csvSafe } from '../../src/modules/exports/csv.js';
import { newId } from '../../src/platform/clock/id.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { readCsv } from '../harness/csv.js';
import { exported, storedFiles } from '../harness/exports.js';
import type { Member } from '../harness/factories.js';
import { withoutStamps } from '../harness/without-stamps.js';

let harness: Harness;
let orgId: string;
let personId: string;
let member: Member;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start();
  orgId = await harness.make.organization('gme', 'Synthetic Harbour');
  personId = await harness.make.person(orgId, {
    familyName: 'Ada',
    email: 'ada@test.example',
    phone: '+1 202 555 0100',
    ssn: '000-12-3456',
    dateOfBirth: '1990-02-03',
  });
  await harness.make.person(orgId, {
    kind: 'clinician',
    familyName: '=HYPERLINK("http://evil.example")',
    givenName: '@SUM(1)',
    title: '+1, "two"\nthree',
    status: 'inactive',
  });
  member = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(member.email);
});
afterAll(() => harness.stop());

const events = (type: string, id: string) =>
  harness.database.superuser(
    'SELECT actor_type, actor_id, meta FROM audit_events WHERE type = $1 AND target_id = $2 ORDER BY occurred_at, id',
    [type, id],
  );
const watermark = (id: string) =>
  new RegExp(
    `^Exported by Example program_director <${member.email}> · Synthetic Harbour · ` +
      `\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z · export ${id}$`,
  );

describe('the list of people as CSV', () => {
  it('is valid CSV with a watermark in every line and escaped formulas', async () => {
    const result = await exported(director, { kind: 'people_csv' });
    expect(result).toMatchObject({ status: 'ready', progress: { rows: 2 }, errorCode: null });
    const file = await director.get(result.url!);
    expect(file.status).toBe(200);
    expect(Object.fromEntries(file.headers)).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="people.csv"',
      'content-length': String(result.bytes),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(createHash('sha256').update(file.body).digest('hex')).toBe(result.sha256);
    const [header, ...rows] = readCsv(file.text);
    expect(header!.slice(0, -1)).toEqual([
      'Id',
      'External id',
      'Kind',
      'Family name',
      'Given name',
      'Title',
      'NPI',
      'Status',
      'Created',
      'Updated',
    ]);
    for (const row of [header!, ...rows]) expect(row.at(-1)).toMatch(watermark(result.id));
    expect(rows[0]!.slice(0, 5)).toEqual([personId, '', 'trainee', 'Ada', 'Synthetic']);
    expect(rows[1]!.slice(3, 8)).toEqual([
      '\'=HYPERLINK("http://evil.example")',
      "'@SUM(1)",
      '\'+1, "two"\nthree',
      '',
      'inactive',
    ]);
    expect(withoutStamps(file.text)).not.toMatch(/ada@test|555|000-12|1990/);
  });

  it('contains the people that match the filter, and the watermark even without matches', async () => {
    const clinicians = await exported(director, { kind: 'people_csv', filter: { kind: 'clinician' } });
    expect(readCsv((await director.get(clinicians.url!)).text).map((row) => row[2])).toEqual(['Kind', 'clinician']);
    const empty = await exported(director, { kind: 'people_csv', filter: { kind: 'provider', status: 'active' } });
    expect(empty.progress.rows).toBe(0);
    const [header, ...rows] = readCsv((await director.get(empty.url!)).text);
    expect(header!.at(-1)).toMatch(watermark(empty.id));
    expect(rows).toEqual([]);
  });

  it('starts with a byte order mark for Excel on request, and is the same file otherwise', async () => {
    const [plain, marked] = [
      await exported(director, { kind: 'people_csv', filter: { kind: 'trainee' } }),
      await exported(director, { kind: 'people_csv', filter: { kind: 'trainee' }, bom: true }),
    ];
    expect(marked).toMatchObject({ bom: true, progress: { rows: 1 } });
    expect(plain).toMatchObject({ bom: false });
    const [bytes, file] = [(await director.get(marked.url!)).body as Buffer, await director.get(plain.url!)];
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    const [header, row] = readCsv(bytes.subarray(3).toString());
    expect([header!.at(-1), row!.at(-1)]).toEqual(Array(2).fill(expect.stringMatching(watermark(marked.id))));
    expect(readCsv(file.text).map((line) => line.slice(0, -1))).toEqual(
      [header, row].map((line) => line!.slice(0, -1)),
    );
  });

  it('escapes formulas in the database by the same rule as the code, in an inlined function', async () => {
    const heads = Array.from({ length: 0xffff }, (_, i) => i + 1)
      .filter((i) => i < 0xd800 || i > 0xdfff)
      .map((i) => String.fromCharCode(i));
    const texts = ['', ...heads.flatMap((head) => [head, `${head}=1`, ` ${head}`])];
    const rows = await harness.database.superuser<{ text: string; safe: string }>(
      'SELECT text, app.csv_safe(text) AS safe FROM unnest($1::text[]) text',
      [texts],
    );
    expect(rows.filter(({ text, safe }) => safe !== csvSafe(text))).toEqual([]);
    const plan = await harness.database.superuser(
      'EXPLAIN (VERBOSE) SELECT app.csv_safe(p.title), app.csv_safe((p.id)::text) FROM people p',
    );
    expect(JSON.stringify(plan)).not.toContain('csv_safe(');
  });

  it('records the request, the completion, the link, and the download in the audit log', async () => {
    const { id, url, bytes } = await exported(director, { kind: 'people_csv', filter: { status: 'active' } });
    await director.get(url!);
    const user = { actor_type: 'user', actor_id: member.userId };
    expect(await events('export.requested', id)).toEqual([
      { ...user, meta: { kind: 'people_csv', filter: ['active'] } },
    ]);
    expect(await events('export.link_issued', id)).toEqual([{ ...user, meta: {} }]);
    expect(await events('export.downloaded', id)).toEqual([{ ...user, meta: { kind: 'people_csv', rows: 1, bytes } }]);
    expect(await events('export.completed', id)).toEqual([
      {
        actor_type: 'system',
        actor_id: 'job:exports.render',
        meta: { kind: 'people_csv', requestedBy: member.membershipId, rows: 1, bytes, unlocked: [] },
      },
    ]);
  });

  it('is encrypted in the storage', async () => {
    await exported(director, { kind: 'people_csv' });
    const files = await storedFiles(harness.env.STORAGE_DIR!);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(file.toString('latin1')).not.toMatch(/Exported|Synthetic|trainee|%PDF/);
  });
});

describe("one person's record as PDF", () => {
  async function pages(client: Client, url: string): Promise<string[]> {
    const file = await client.get(url);
    expect(file.headers.get('content-type')).toBe('application/pdf');
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="person.pdf"');
    const { text } = await extractText(await getDocumentProxy(new Uint8Array(file.body as Buffer)), {
      mergePages: false,
    });
    return text.map((page) => page.replace(/\s+/g, ''));
  }

  it('has a watermark on every page, masks identifiers, and records the unlocked contact details', async () => {
    const result = await exported(director, { kind: 'person_pdf', personId });
    const texts = await pages(director, result.url!);
    expect(texts.length).toBeGreaterThan(0);
    for (const page of texts) expect(page.split(`<${member.email}>·SyntheticHarbour`)).toHaveLength(3);
    expect(texts.join('')).toContain('***-**-3456');
    expect(texts.join('')).toContain('**/**/1990');
    expect(texts.join('')).toContain('ada@test.example');
    expect(withoutStamps(texts.join(''))).not.toMatch(/000-12|1990-02|02-03/);
    const unlocked = ['email', 'phone'];
    expect(await events('export.completed', result.id)).toMatchObject([{ meta: { kind: 'person_pdf', unlocked } }]);
    expect(await events('person.contact_unlocked', personId)).toContainEqual({
      actor_type: 'user',
      actor_id: member.userId,
      meta: { fields: unlocked },
    });
  });

  it('omits contact details for a member who cannot unlock them', async () => {
    const other = await harness.make.member(orgId, 'program_director');
    await harness.database.superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
         VALUES ($1, $2, 'person:unlock-contact', 'none')`,
      [orgId, other.membershipId],
    );
    const client = await harness.signIn(other.email);
    const result = await exported(client, { kind: 'person_pdf', personId });
    expect((await pages(client, result.url!)).join('')).not.toMatch(/ada@test|Contact|5550100/);
    expect(await events('export.completed', result.id)).toMatchObject([{ meta: { unlocked: [] } }]);
  });

  it('omits staff-only fields for a portal user, in the PDF and in the CSV', async () => {
    const { email, membershipId } = await harness.make.member(orgId, 'trainee', { personId });
    await harness.database.superuser(
      `INSERT INTO member_overrides (org_id, membership_id, permission, scope) SELECT $1, $2, p, 'org'
         FROM unnest(ARRAY['person:read', 'export:create', 'export:read', 'document:download']) p`,
      [orgId, membershipId],
    );
    const trainee = await harness.signIn(email);
    const [traineePdf, staffPdf] = [trainee, director].map(async (client) =>
      (await pages(client, (await exported(client, { kind: 'person_pdf', personId })).url!)).join(''),
    );
    expect([/Externalid|Version/.test(await traineePdf!), /Externalid.*Version/.test(await staffPdf!)]).toEqual([
      false,
      true,
    ]);
    const list = (await trainee.get((await exported(trainee, { kind: 'people_csv' })).url!)).text;
    expect(list).toMatch(/^"Id","Kind","Family name"/);
  });

  it("cannot be downloaded after the person's key was destroyed", async () => {
    const erased = await harness.make.person(orgId, { familyName: 'Erased' });
    const { id, url } = await exported(director, { kind: 'person_pdf', personId: erased });
    await harness.database.superuser(
      'UPDATE data_keys SET wrapped = NULL, destroyed_at = now() WHERE subject_id = $1',
      [erased],
    );
    expect(await director.get(url!)).toMatchObject({ status: 410, body: { code: 'export_link_expired' } });
    expect(await events('export.downloaded', id)).toEqual([]);
  });
});

describe('a request for an export', () => {
  it.each<[string, object, number, string]>([
    ['without a kind', {}, 400, 'invalid_request'],
    ['with an unknown kind', { kind: 'everything' }, 400, 'invalid_request'],
    ['with an unknown field', { kind: 'people_csv', table: 'users' }, 400, 'invalid_request'],
    ['with an unknown filter', { kind: 'people_csv', filter: { sql: '1=1' } }, 400, 'invalid_request'],
    ['with an invalid filter value', { kind: 'people_csv', filter: { kind: "x' OR 1=1 --" } }, 400, 'invalid_request'],
    ['without a person', { kind: 'person_pdf' }, 400, 'invalid_request'],
    ['with an unknown person', { kind: 'person_pdf', personId: newId() }, 404, 'not_found'],
    ['with a malformed person id', { kind: 'person_pdf', personId: '../../etc' }, 400, 'invalid_request'],
  ])('%s is rejected', async (_what, body, status, code) => {
    expect(await director.post('/v1/exports', body)).toMatchObject({ status, body: { code } });
  });

  it('is rejected for a list with a person and for a person with a filter', async () => {
    expect(await director.post('/v1/exports', { kind: 'people_csv', personId })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'personId' }] },
    });
    expect(
      await director.post('/v1/exports', { kind: 'person_pdf', personId, filter: { kind: 'trainee' } }),
    ).toMatchObject({ status: 400, body: { errors: [{ field: 'filter' }] } });
    expect(await director.post('/v1/exports', { kind: 'person_pdf', personId, bom: true })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'bom' }] },
    });
  });

  it('treats null as absent', async () => {
    const { status, body } = await director.post('/v1/exports', {
      kind: 'people_csv',
      personId: null,
      filter: { kind: null },
      bom: null,
    });
    expect([status, body.filter, body.personId, body.status, body.url]).toEqual([202, {}, null, 'queued', null]);
  });
});
