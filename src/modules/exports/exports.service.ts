import { Injectable, Logger } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { hashToken, randomToken } from '../../platform/crypto/index.js';
import { Cursors, PageQuery, rangeOf, type FileAnswer, type Page } from '../../platform/http/index.js';
import { Problem } from '../../platform/problem/index.js';
import { Jobs } from '../../platform/jobs/jobs.js';
import { ExportFiles } from './export-files.js';
import { ExportAuthorization } from './export-authorization.js';
import { FILES } from './export.js';
import type { CreateExportDto, ExportResponse } from './exports.dto.js';
import { ExportsRepository, type ExportRow, type LinkUse } from './exports.repository.js';
import type { PeopleFilter } from './people-csv.js';

const NO_LINK = { url: null, urlExpiresAt: null };

/** A file to send. Call `sent` after the last byte was sent. */
export interface Download {
  answer: FileAnswer;
  sent: () => void;
}

/** Handles requests for exports: creation, status, and the one download. */
@Injectable()
export class ExportsService {
  private readonly log = new Logger('ExportsService');

  constructor(
    private readonly exports: ExportsRepository,
    private readonly reach: ExportAuthorization,
    private readonly files: ExportFiles,
    private readonly jobs: Jobs,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  /**
   * Enqueues an export. Throws `forbidden` when the caller lacks the permission. Throws `not_found` when the caller
   * cannot see the person. Throws `invalid_request` when the fields do not match the kind of export.
   */
  async request(body: CreateExportDto): Promise<ExportResponse> {
    const { kind, personId, filter, bom } = parsed(body);
    const { grants, membershipId } = currentMember();
    await this.reach.assert(kind, personId, grants);
    const id = newId();
    await this.exports.insert({ id, kind, personId, filter, bom, requestedBy: membershipId });
    await this.jobs.enqueue('exports.render', { exportId: id });
    const meta = { kind, personId: personId ?? undefined, filter: Object.values(filter) };
    this.audit.record('export.requested', { target: { type: 'export', id }, meta });
    return present(await this.row(id));
  }

  /**
   * Returns one export. If the export is ready and the caller requested it, the response contains a new link. Throws
   * `not_found` when the caller cannot see the export.
   */
  async read(id: string): Promise<ExportResponse> {
    const row = await this.row(id);
    const { grants, membershipId } = currentMember();
    if (row.status !== 'ready' || row.requestedBy !== membershipId || !grants.has('export:create')) return present(row);
    const token = randomToken();
    const urlExpiresAt = await this.exports.replaceLink(id, membershipId, hashToken(token));
    if (urlExpiresAt === null) return present(await this.row(id));
    this.audit.record('export.link_issued', { target: { type: 'export', id } });
    return present(row, { url: `/v1/exports/${id}/file?token=${token}`, urlExpiresAt });
  }

  /** Returns a page of exports, newest first. */
  async list({ limit, cursor }: PageQuery): Promise<Page<ExportResponse>> {
    const scope = { purpose: 'exports', orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    const rows = await this.exports.list(before, limit + 1);
    return this.cursors.page(
      scope,
      rows.map((row) => present(row)),
      limit,
      ({ id }) => [id],
    );
  }

  /**
   * Opens the file for one download. The audit event and the use of the link are committed before the first byte is
   * sent. If the download is interrupted, the same session can request the rest with a Range header until the link
   * expires. Throws `not_found` when another member requested the export. Throws `export_link_expired` when the link is
   * not the current one, or was used. Throws `range_not_satisfiable` for a range after the end of the file.
   */
  async download(id: string, token: string, headers: IncomingHttpHeaders): Promise<Download> {
    const { grants, membershipId, sessionId } = currentMember();
    const { requestedBy } = await this.row(id);
    if (requestedBy !== membershipId) throw new Problem('not_found');
    if (!grants.has('export:create')) throw new Problem('forbidden');
    const link = { id, membershipId, sessionId: sessionId!, tokenHash: hashToken(token) };
    const used = await this.exports.consumeLink(link);
    const file = used ?? (await this.exports.resumeLink(link));
    if (file === null) throw new Problem('export_link_expired');
    const { kind, rows, bytes, sha256 } = file;
    const facts = { length: bytes, etag: `"${sha256.toString('hex')}"` };
    const range = rangeOf(headers, facts);
    const first = range?.first ?? 0;
    if (used === null && first === 0) throw new Problem('export_link_expired');
    const content = await this.files.open(file);
    const meta = { kind, rows, bytes, resumedFrom: used === null ? first : undefined };
    this.audit.record('export.downloaded', { target: { type: 'export', id }, meta });
    const { name, contentType: type } = FILES[kind];
    const isLastPart = range === null || range.last === bytes - 1;
    return {
      answer: { ...facts, content, range, type, name },
      sent: isLastPart ? this.endLink(link) : () => undefined,
    };
  }

  /** Returns a function that ends a link in a transaction of its own, after the response. */
  private endLink(link: LinkUse): () => void {
    const { run } = currentContext().again;
    return () => {
      run!(() => this.exports.endLink(link)).catch((error: unknown) =>
        this.log.warn(`the link of export ${link.id} stays valid until it expires`, error),
      );
    };
  }

  private async row(id: string): Promise<ExportRow> {
    const row = await this.exports.find(id);
    if (row === null) throw new Problem('not_found');
    return row;
  }
}

/**
 * Validates a request and removes its nulls. An export of one person needs `personId` and accepts no filter. An export
 * of people accepts a filter and a byte order mark, and no `personId`.
 */
function parsed({ kind, ...body }: CreateExportDto): Pick<ExportRow, 'kind' | 'personId' | 'filter' | 'bom'> {
  const personId = body.personId ?? null;
  const bom = body.bom ?? false;
  const filter = Object.fromEntries(
    Object.entries(body.filter ?? {}).filter(([, value]) => value !== null && value !== undefined),
  ) as PeopleFilter;
  const refuse = (field: string, message: string): never => {
    throw new Problem('invalid_request', { errors: [{ field, message }] });
  };
  if (kind === 'person_pdf' && personId === null) refuse('personId', 'is required for person_pdf');
  if (kind === 'person_pdf' && Object.keys(filter).length > 0) refuse('filter', 'is allowed for people_csv only');
  if (kind === 'person_pdf' && bom) refuse('bom', 'is allowed for people_csv only');
  if (kind === 'people_csv' && personId !== null) refuse('personId', 'is allowed for person_pdf only');
  return { kind, personId, filter, bom };
}

function present(
  { rows, sha256, ...row }: ExportRow,
  link: Pick<ExportResponse, 'url' | 'urlExpiresAt'> = NO_LINK,
): ExportResponse {
  return { ...row, progress: { rows }, sha256: sha256?.toString('hex') ?? null, ...link };
}
