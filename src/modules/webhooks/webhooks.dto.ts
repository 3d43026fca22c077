import { Expose, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { StaffOnly } from '../../platform/http/audience.js';
import { IsOneLine, MayBeAbsent } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { DELIVERY_STATUSES, type DeliveryStatus } from './inbox.repository.js';
import { SCHEMES, type Scheme } from './webhook-source.js';

/** The response to a delivery. It confirms that the delivery is stored; the worker processes it later. */
export class DeliveryReceipt {
  /** The id of the delivery; for a repeated message, the id of the first delivery. */
  @Expose() id: string;
  @Expose() status: 'accepted';
  /** Whether the API received the same message before. */
  @Expose() duplicate: boolean;
}

export class CreateSourceDto {
  @IsString()
  @Length(1, 200)
  @IsOneLine()
  name: string;

  /** The signature scheme. */
  @IsIn(SCHEMES)
  scheme: Scheme;

  /** The maximum number of deliveries that each process accepts per minute. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  limitPerMinute?: number;

  /**
   * The event types that the source may send. The caller must hold the permissions of their effects. Default: all types
   * whose permissions the caller holds.
   */
  @MayBeAbsent()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(100, { each: true })
  events?: string[];
}

export class UpdateSourceDto {
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  @IsOneLine()
  name?: string;

  /** Whether the source accepts deliveries. A disabled source gives the same response as an unknown source. */
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  /** The maximum number of deliveries that each process accepts per minute. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  limitPerMinute?: number;

  /**
   * The event types that the source may send. The caller must hold the permissions of their effects, and becomes the
   * member who is responsible for the source.
   */
  @MayBeAbsent()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(100, { each: true })
  events?: string[];
}

export class RotateSecretDto {
  /** How long earlier secrets stay valid: at most one day. Default: one hour. */
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
  /** The event types that the source may send. */
  @StaffOnly() events: string[];
  /** The membership with whose permissions the source acts. Null for the operator. */
  @StaffOnly() responsible: string | null;
  /** The URL to which the partner system sends deliveries. */
  @StaffOnly() url: string;
  @StaffOnly() @Type(() => Date) createdAt: Date;
  @StaffOnly() @Type(() => Date) updatedAt: Date;
}

export class SecretSummary {
  @Expose() id: string;
  @Expose() @Type(() => Date) createdAt: Date;
  /** The time when the secret expires. Null for the current secret. */
  @Expose() @Type(() => Date) expiresAt: Date | null;
}

export class SourceDetailResponse extends SourceResponse {
  /** The secrets that are valid now, without their values. */
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
  /** The latest time at which an earlier secret expires. */
  @StaffOnly() @Type(() => Date) previousExpireAt: Date;
}

export class DeliveryResponse {
  @Expose() id: string;
  /** The sender's id of the message. */
  @StaffOnly() messageId: string;
  @Expose() status: DeliveryStatus;
  /** The error code of a failed delivery. */
  @StaffOnly() errorCode: string | null;
  @Expose() @Type(() => Date) receivedAt: Date;
  @StaffOnly() @Type(() => Date) processedAt: Date | null;
}

export class ReplayResponse {
  @Expose() id: string;
  @Expose() status: 'accepted';
}
