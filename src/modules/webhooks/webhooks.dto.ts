import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, Length, Max, Min } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { DELIVERY_STATUSES, type DeliveryStatus } from './inbox.repository.js';
import { SCHEMES, type Scheme } from './webhook-source.js';

/** The answer to a delivery: it is stored and will be applied. */
export class DeliveryReceipt {
  /** Id of the delivery, that of the first one when the message came again. */
  @Expose() id: string;
  @Expose() status: 'accepted';
  /** Whether the message had been delivered before. */
  @Expose() duplicate: boolean;
}

export class CreateSourceDto {
  @IsString()
  @Length(1, 200)
  name: string;

  /** How deliveries are signed. */
  @IsIn(SCHEMES)
  scheme: Scheme;

  /** How many deliveries are taken in a minute, by each process. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  limitPerMinute?: number;
}

export class UpdateSourceDto {
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  name?: string;

  /** A disabled source is answered as if it did not exist. */
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  /** How many deliveries are taken in a minute, by each process. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  limitPerMinute?: number;
}

export class RotateSecretDto {
  /** For how long the secrets before this one stay valid: at most a day, an hour unless said otherwise. */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(86_400)
  overlapSeconds?: number;
}

export class DeliveriesQuery extends PageQuery {
  @MayBeAbsent()
  @IsIn(DELIVERY_STATUSES)
  status?: DeliveryStatus;
}

export class SourceResponse {
  @Expose() id: string;
  @Expose() name: string;
  @StaffOnly() scheme: Scheme;
  /** What deliveries are about. */
  @StaffOnly() appliesTo: string;
  @Expose() enabled: boolean;
  @StaffOnly() limitPerMinute: number;
  /** Where deliveries are posted. */
  @StaffOnly() url: string;
  @StaffOnly() @Type(() => Date) createdAt: Date;
  @StaffOnly() @Type(() => Date) updatedAt: Date;
}

export class SecretSummary {
  @Expose() id: string;
  @Expose() @Type(() => Date) createdAt: Date;
  /** When it stops being valid; null for the current one. */
  @Expose() @Type(() => Date) expiresAt: Date | null;
}

export class SourceDetailResponse extends SourceResponse {
  /** The secrets that are valid, without their values. */
  @StaffOnly() @Type(() => SecretSummary) secrets: SecretSummary[];
}

export class CreatedSourceResponse extends SourceResponse {
  /** The signing secret: shown this once. */
  @StaffOnly() secret: string;
}

export class RotatedSecretResponse {
  @Expose() id: string;
  /** The signing secret: shown this once. */
  @StaffOnly() secret: string;
  /** When the secrets before it stop being valid at the latest. */
  @StaffOnly() @Type(() => Date) previousExpireAt: Date;
}

export class DeliveryResponse {
  @Expose() id: string;
  /** The sender's id of the message. */
  @StaffOnly() messageId: string;
  @Expose() status: DeliveryStatus;
  /** Why it is dead. */
  @StaffOnly() errorCode: string | null;
  @Expose() @Type(() => Date) receivedAt: Date;
  @StaffOnly() @Type(() => Date) processedAt: Date | null;
}

export class ReplayResponse {
  @Expose() id: string;
  @Expose() status: 'accepted';
}
