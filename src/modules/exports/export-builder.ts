import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AsMember } from '../../platform/access/as-member.js';
import { roleInfo } from '../../platform/policies/grants.js';
import { Clock } from '../../platform/clock/clock.js';
import { currentContext } from '../../platform/context/context.js';
import { enterOrganization } from '../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { declaration } from '../../platform/feature/registry.js';
import { audienceOf } from '../../platform/http/audience.js';
import { PeopleService } from '../people/index.js';
import { AttemptsRepository, type ExportAttempt, type RenderedExport } from './attempts.repository.js';
import { CopyStream } from './copy-stream.js';
import { copyRowsSql, csvFile } from './csv.js';
import { ExportFiles } from './export-files.js';
import { assertMayExportEverybody, ExportAuthorization } from './export-authorization.js';
import { renderPersonPdf } from './pdf.js';
import { peopleColumns, peopleFrom } from './people-csv.js';
import { personRecord } from './person-record.js';
import { withProgress } from './progress.js';
import { watermarkText } from './watermark.js';

const PROGRESS_MS = 2_000;

/** Builds the file of an export with the requesting member's current permissions and scope. */
@Injectable()
export class ExportBuilder {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly asMember: AsMember,
    private readonly copies: CopyStream,
    private readonly attempts: AttemptsRepository,
    private readonly files: ExportFiles,
    private readonly reach: ExportAuthorization,
    private readonly people: PeopleService,
    private readonly clock: Clock,
  ) {}

  /**
   * Builds the file. Throws NoSuchMember, forbidden, or not_found when the member may no longer export it, and
   * WatermarkFailed when it has no watermark.
   */
  make(attempt: ExportAttempt, signal: AbortSignal): Promise<RenderedExport> {
    return attempt.kind === 'people_csv' ? this.peopleCsv(attempt, signal) : this.personPdf(attempt);
  }

  /** Streams from the database to the storage, so that memory use does not grow with the number of people. */
  private async peopleCsv(attempt: ExportAttempt, signal: AbortSignal): Promise<RenderedExport> {
    const { orgId } = currentContext();
    const seal = await this.unitOfWork.run(enterOrganization(orgId), () => this.files.sealingKey(null));
    const seconds = declaration('jobs', 'exports.render').timeoutSeconds;
    let rows = 0;
    const stored = await this.copies.asMember(
      { orgId, membershipId: attempt.requestedBy, signal, seconds },
      async (member, copy) => {
        const held = roleInfo(member);
        assertMayExportEverybody(held.grants);
        const watermark = this.watermark(attempt, {
          name: member.user_name,
          email: member.email,
          orgName: member.org_name,
        });
        const query = {
          columns: peopleColumns(audienceOf(held)),
          from: peopleFrom(orgId, attempt.filter),
          watermark,
          bom: attempt.bom,
        };
        return withProgress(
          (count) => this.save(attempt, count),
          PROGRESS_MS,
          (add) => {
            const file = csvFile(copy(copyRowsSql(query)), query, (more) => {
              rows += more;
              add(more);
            });
            return this.files.storage.put(attempt.objectKey, file, seal);
          },
        );
      },
    );
    return { stored, seal, rows, unlocked: [] };
  }

  private async personPdf(attempt: ExportAttempt): Promise<RenderedExport> {
    const personId = attempt.personId!;
    const { file, seal, unlocked } = await this.asMember.run(
      currentContext().orgId,
      attempt.requestedBy,
      async (member) => {
        await this.reach.assertPerson(personId, member.grants);
        const person = await this.people.read(personId);
        const contact = (await this.people.mayUnlock(personId)) ? await this.people.unlockContact(personId) : null;
        const sealing = await this.files.sealingKey(personId);
        const pdf: Readable = renderPersonPdf(
          personRecord(person, contact, audienceOf(member)),
          this.watermark(attempt, member),
        );
        const shown = (['email', 'phone', 'address'] as const).filter((field) => (contact?.[field] ?? null) !== null);
        return { file: pdf, seal: sealing, unlocked: shown };
      },
    );
    return { stored: await this.files.storage.put(attempt.objectKey, file, seal), seal, rows: 1, unlocked };
  }

  private watermark(
    { id }: ExportAttempt,
    { name, email, orgName }: { name: string; email: string; orgName: string },
  ): string {
    return watermarkText({ name, email, organization: orgName, time: this.clock.now(), exportId: id });
  }

  private save(attempt: ExportAttempt, rows: number): Promise<void> {
    return this.unitOfWork.run(enterOrganization(currentContext().orgId), () => this.attempts.progress(attempt, rows));
  }
}
