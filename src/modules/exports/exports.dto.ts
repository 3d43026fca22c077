import { Expose, Type } from 'class-transformer';
import { IsIn, IsObject, IsOptional, IsString, IsUUID, MaxLength, ValidateNested } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { KINDS, STATUSES, type Kind, type Status } from '../people/index.js';
import { EXPORT_KINDS, type ExportKind, type ExportStatus } from './export.js';

/** Which people; without it, all that the caller may see. */
export class PeopleFilterDto {
  @IsOptional()
  @IsIn(KINDS)
  kind?: Kind | null;

  @IsOptional()
  @IsIn(STATUSES)
  status?: Status | null;
}

export class CreateExportDto {
  @IsIn(EXPORT_KINDS)
  kind: ExportKind;

  /** Whose record, for `person_pdf`. */
  @IsOptional()
  @IsUUID()
  personId?: string | null;

  /** For `people_csv`. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => PeopleFilterDto)
  filter?: PeopleFilterDto | null;
}

export class FileQuery {
  /** From the `url` of the export. */
  @IsString()
  @MaxLength(200)
  token: string;
}

export class ExportFilterResponse {
  @Expose() kind?: Kind;
  @Expose() status?: Status;
}

export class ExportProgress {
  /** Rows written so far; of a person's record, always 1 in the end. */
  @Expose() rows: number;
}

export class ExportResponse {
  @Expose() id: string;
  @Expose() kind: ExportKind;
  @StaffOnly() personId: string | null;
  @StaffOnly() @Type(() => ExportFilterResponse) filter: ExportFilterResponse;
  /** The membership that asked for it. */
  @StaffOnly() requestedBy: string;
  @Expose() status: ExportStatus;
  @StaffOnly() @Type(() => ExportProgress) progress: ExportProgress;
  @StaffOnly() bytes: number | null;
  /** SHA-256 of the file, in hexadecimal. */
  @Expose() sha256: string | null;
  @StaffOnly() errorCode: string | null;
  @Expose() createdAt: Date;
  @Expose() finishedAt: Date | null;
  /** Until when the file waits to be downloaded. */
  @Expose() expiresAt: Date | null;
  /**
   * The link to the file, while it is ready, for whoever asked for it: works once, and replaces the one given before.
   */
  @Expose() url: string | null;
  @Expose() urlExpiresAt: Date | null;
}
