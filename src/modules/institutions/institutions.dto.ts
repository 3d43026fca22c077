import { Expose } from 'class-transformer';

/** Statistics of one organization of the institution. */
export class OrganizationStatistics {
  @Expose() id: string;
  @Expose() name: string;
  @Expose() activeMembers: number;
  @Expose() activePeople: number;
  @Expose() inactivePeople: number;
}
