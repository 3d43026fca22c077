import { Expose } from 'class-transformer';

/** One organization of the institution, in numbers. */
export class OrganizationStatistics {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() activeMembers: number;
  @Expose() activePeople: number;
  @Expose() inactivePeople: number;
}
