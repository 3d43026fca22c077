import { Expose, Type } from 'class-transformer';
import { StaffOnly } from '../../platform/http/audience.js';
import type { Kind, Status } from './person.js';

/** A person's record as it was before a change. */
export class PersonSnapshotResponse {
  @StaffOnly() externalId: string | null;
  @Expose() kind: Kind;
  @Expose() givenName: string;
  @Expose() familyName: string;
  @Expose() title: string | null;
  @Expose() npi: string | null;
  @Expose() status: Status;
  /** Whether there was a value; what it was is not shown. */
  @Expose() hasEmail: boolean;
  @Expose() hasPhone: boolean;
  @Expose() hasAddress: boolean;
  /** `***-**-1234` */
  @Expose() ssn: string | null;
  /** Month and day hidden, year shown. */
  @Expose() dateOfBirth: string | null;
}

/** One change of a person's record. */
export class PersonChangeResponse {
  /** The version that the change ended. */
  @StaffOnly() version: number;
  /** When it was changed. */
  @Expose() takenAt: Date;
  /** The membership that changed it; null for a partner's webhook, a job or an operator. */
  @StaffOnly() changedBy: string | null;
  /** The fields that were given another value. */
  @Expose() changed: string[];
  @Expose() @Type(() => PersonSnapshotResponse) before: PersonSnapshotResponse;
}
