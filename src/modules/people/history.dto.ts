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
  /** Whether the field had a value. The value itself is not shown. */
  @Expose() hasEmail: boolean;
  @Expose() hasPhone: boolean;
  @Expose() hasAddress: boolean;
  /** `***-**-1234` */
  @Expose() ssn: string | null;
  /** The year. The month and the day are masked. */
  @Expose() dateOfBirth: string | null;
}

/** One change of a person's record. */
export class PersonChangeResponse {
  /** The version before the change. */
  @StaffOnly() version: number;
  /** The time of the change. */
  @Expose() takenAt: Date;
  /** The membership that changed the record. Null when a partner's webhook, a job, or an operator changed it. */
  @StaffOnly() changedBy: string | null;
  /** The names of the fields that changed. */
  @Expose() changed: string[];
  @Expose() @Type(() => PersonSnapshotResponse) before: PersonSnapshotResponse;
}
