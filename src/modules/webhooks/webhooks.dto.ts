import { Expose, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, Length, Max, Min } from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { DELIVERY_STATUSES, type DeliveryStatus } from './inbox.repository.js';
import { SCHEMES, type Scheme } from './webhook-source.js';

/** The answer to a delivery: the delivery is stored and will be processed. */
export class DeliveryReceipt {
  /** The id of the delivery; for a repeated message, the id of the first delivery. */
  @Expose() id: string;
  @Expose() status: 'accepted';
  /** Whether the message was delivered before. */
  @Expose() duplicate: boolean;
}

export class CreateSourceDto {
  @IsString()
  @Length(1, 200)
  name: string;

  /** The signature scheme. */
  @IsIn(SCHEMES)
  scheme: Scheme;

  /** The maximum number of deliveries per minute and process. */
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

  /** A disabled source is answered like an unknown source. */
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  /** The maximum number of deliveries per minute and process. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  limitPerMinute?: number;
}

export class RotateSecretDto {
  /** How long earlier secrets stay valid: at most a day. Default: one hour. */
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
  /** The subject of the deliveries. */
  @StaffOnly() appliesTo: string;
  @Expose() enabled: boolean;
  @StaffOnly() limitPerMinute: number;
  /** The URL for deliveries. */
  @StaffOnly() url: string;
  @StaffOnly() @Type(() => Date) createdAt: Date;
  @StaffOnly() @Type(() => Date) updatedAt: Date;
}

export class SecretSummary {
  @Expose() id: string;
  @Expose() @Type(() => Date) createdAt: Date;
  /** When it expires; null for the current secret. */
  @Expose() @Type(() => Date) expiresAt: Date | null;
}

export class SourceDetailResponse extends SourceResponse {
  /** The currently valid secrets, without their values. */
  @StaffOnly() @Type(() => SecretSummary) secrets: SecretSummary[];
}

export class CreatedSourceResponse extends SourceResponse {
  /** The signing secret, shown once. */
  @StaffOnly() secret: string;
}

export class RotatedSecretResponse {
  @Expose() id: string;
  /** The signing secret, shown once. */
  @StaffOnly() secret: string;
  /** When the earlier secrets expire at the latest. */
  @StaffOnly() @Type(() => Date) previousExpireAt: Date;
}

export class DeliveryResponse {
  @Expose() id: string;
  /** The sender's id of the message. */
  @StaffOnly() messageId: string;
  @Expose() status: DeliveryStatus;
  /** Why the delivery failed. */
  @StaffOnly() errorCode: string | null;
  @Expose() @Type(() => Date) receivedAt: Date;
  @StaffOnly() @Type(() => Date) processedAt: Date | null;
}

export class ReplayResponse {
  @Expose() id: string;
  @Expose() status: 'accepted';
}
