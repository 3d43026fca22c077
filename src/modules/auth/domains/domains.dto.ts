import { Expose, Type } from 'class-transformer';
import { IsString, Length } from 'class-validator';
import { StaffOnly } from '../../../platform/http/audience.js';

export class AddDomainDto {
  /** For example `example.org`. An internationalized domain is stored in its ASCII form. */
  @IsString()
  @Length(3, 253)
  domain: string;
}

/** The DNS record that the organization must publish to verify the domain. */
export class DomainRecordResponse {
  @Expose() type: string;
  @Expose() name: string;
  @Expose() value: string;
}

export class DomainResponse {
  @StaffOnly() id: string;
  @StaffOnly() domain: string;
  /**
   * `pending` before the first successful check, `verified` after it. `verification_failed` when the domain is still
   * verified but its DNS record has been missing for less than a week.
   */
  @StaffOnly() status: string;
  @StaffOnly() @Type(() => DomainRecordResponse) record: DomainRecordResponse;
  @StaffOnly() createdAt: Date;
  @StaffOnly() checkedAt: Date | null;
  @StaffOnly() verifiedAt: Date | null;
  @StaffOnly() verificationFailedAt: Date | null;
  /** The result of the last failed check: `record_missing`, `dns_unavailable`, or `domain_taken`; otherwise null. */
  @StaffOnly() problem: string | null;
}

export class DomainCheckResponse extends DomainResponse {
  /** Whether the API found the record during this request. The status changes only after a check by the worker. */
  @StaffOnly() recordFound: boolean;
}

export class DiscoverQuery {
  @IsString()
  @Length(3, 254)
  email: string;
}

/** A connection that the user can sign in through. */
export class DiscoveredConnection {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() protocol: string;
  @Expose() loginUrl: string;
}

export class DiscoveryResponse {
  /** Whether the sign-in page offers a password. */
  @Expose() password: boolean;
  @Expose() @Type(() => DiscoveredConnection) connections: DiscoveredConnection[];
}
