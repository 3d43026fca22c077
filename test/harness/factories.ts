import { createOrganization, createUser } from '../../src/cli/organizations.js';
import type { Operator } from '../../src/cli/operator.js';
import { AssignmentsService, PeopleService, type PersonFields } from '../../src/modules/people/index.js';
import type { Preset } from '../../src/platform/feature/roles.js';
import { newId } from '../../src/platform/clock/id.js';

/** A member who can sign in. */
export interface Member {
  orgId: string;
  userId: string;
  membershipId: string;
  email: string;
}

/** Creates synthetic organizations, as an operator does. */
export class Factories {
  static readonly PASSWORD = 'Synthetic-Test-1';
  private count = 0;

  constructor(private readonly operator: () => Operator) {}

  organization(preset: Preset = 'gme', name = `Synthetic Organization ${(this.count += 1)}`): Promise<string> {
    return createOrganization(this.operator(), newId(), { name, preset });
  }

  /** Creates a member. `personId` is the record of the trainee or portal user. */
  async member(
    orgId: string,
    role: string,
    { personId, email = `${role}${(this.count += 1)}@test.example` }: { personId?: string; email?: string } = {},
  ): Promise<Member> {
    const { id, membershipId } = await createUser(this.operator(), {
      email,
      name: `Example ${role}`,
      org: orgId,
      role,
      personId,
      password: Factories.PASSWORD,
      mustChange: false,
    });
    return { orgId, userId: id, membershipId, email };
  }

  async person(orgId: string, fields: PersonFields = {}): Promise<string> {
    const { id } = await this.operator().within(orgId, () =>
      this.operator()
        .app.get(PeopleService)
        .create({
          kind: 'trainee',
          givenName: 'Synthetic',
          familyName: `Person ${(this.count += 1)}`,
          ...fields,
        }),
    );
    return id;
  }

  async assignment(orgId: string, membershipId: string, personId: string): Promise<string> {
    const { id } = await this.operator().within(orgId, () =>
      this.operator().app.get(AssignmentsService).create({ membershipId, personId }),
    );
    return id;
  }
}
