import { Expose, Type } from 'class-transformer';
import { IsString, Length } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';

export class AddDomainDto {
  /** Such as example.org; what is written in other letters is kept as DNS knows it. */
  @IsString()
  @Length(3, 253)
  domain: string;
}

/** The DNS record to publish. */
export class DomainRecordResponse {
  @Expose() type: string;
  @Expose() name: string;
  @Expose() value: string;
}

export class DomainResponse {
  @StaffOnly() id: string;
  @StaffOnly() domain: string;
  /** pending, verified, or verification_failed: verified, but its DNS record has been missing for less than a week. */
  @StaffOnly() status: string;
  @StaffOnly() @Type(() => DomainRecordResponse) record: DomainRecordResponse;
  @StaffOnly() createdAt: Date;
  @StaffOnly() checkedAt: Date | null;
  @StaffOnly() verifiedAt: Date | null;
  @StaffOnly() verificationFailedAt: Date | null;
  /** What the last look lacked: record_missing, dns_unavailable, domain_taken. */
  @StaffOnly() problem: string | null;
}

export class DomainCheckResponse extends DomainResponse {
  /** Whether the record can be seen at this moment; the worker decides by its own look. */
  @StaffOnly() recordFound: boolean;
}

export class DiscoverQuery {
  @IsString()
  @Length(3, 254)
  email: string;
}

/** A connection to sign in through. */
export class DiscoveredConnection {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() protocol: string;
  @Expose() loginUrl: string;
}

export class DiscoveryResponse {
  /** Whether a password may be of use. */
  @Expose() password: boolean;
  @Expose() @Type(() => DiscoveredConnection) connections: DiscoveredConnection[];
}
