import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsObject, IsOptional, IsString, IsUUID, MaxLength, ValidateNested } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { KINDS, STATUSES, type Kind, type Status } from '../people/index.js';
import { EXPORT_KINDS, type ExportKind, type ExportStatus } from './export.js';

/** A filter for the people in an export. Without a filter, the export contains all people whom the caller can see. */
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

  /** The person whose record to export. Required for `person_pdf`. */
  @IsOptional()
  @IsUUID()
  personId?: string | null;

  /** The filter. Allowed for `people_csv` only. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => PeopleFilterDto)
  filter?: PeopleFilterDto | null;

  /** Whether the file starts with a UTF-8 byte order mark, which Excel needs. Allowed for `people_csv` only. */
  @IsOptional()
  @IsBoolean()
  bom?: boolean | null;
}

export class FileQuery {
  /** The token in the `url` of the export. */
  @IsString()
  @MaxLength(200)
  token: string;
}

export class ExportFilterResponse {
  @Expose() kind?: Kind;
  @Expose() status?: Status;
}

export class ExportProgress {
  /** The number of rows written so far. For a `person_pdf`, the number is 1 when the file is finished. */
  @Expose() rows: number;
}

export class ExportResponse {
  @Expose() id: string;
  @Expose() kind: ExportKind;
  @StaffOnly() personId: string | null;
  @StaffOnly() @Type(() => ExportFilterResponse) filter: ExportFilterResponse;
  /** Whether the file starts with a UTF-8 byte order mark. */
  @StaffOnly() bom: boolean;
  /** The id of the membership that requested the export. */
  @StaffOnly() requestedBy: string;
  @Expose() status: ExportStatus;
  @StaffOnly() @Type(() => ExportProgress) progress: ExportProgress;
  @StaffOnly() bytes: number | null;
  /** SHA-256 of the file, in hexadecimal. */
  @Expose() sha256: string | null;
  @StaffOnly() errorCode: string | null;
  @Expose() createdAt: Date;
  @Expose() finishedAt: Date | null;
  /** When the file expires. */
  @Expose() expiresAt: Date | null;
  /**
   * The download link. Only the requester receives it, and only while the file is ready. It works once and replaces the
   * previous link. After an interruption, the same session can request the rest of the file with a Range header.
   */
  @Expose() url: string | null;
  @Expose() urlExpiresAt: Date | null;
}
