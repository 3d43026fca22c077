import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import '../../src/app.module.js';
import { RetentionRunner, RetentionService } from '../../src/modules/retention/index.js';
import { declared, type RetentionPolicyName } from '../../src/platform/feature/registry.js';
import { Harness } from '../harness/app.js';

let harness: Harness;
let orgId: string;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('workforce');
});
afterAll(() => harness.stop());

describe('every declared retention policy', () => {
  it.each([...declared('retention').keys()])(
    '%s can be previewed and run with the grants of the database roles',
    async (policy) => {
      const { operator } = harness;
      const plan = await operator.within(orgId, () =>
        operator.app.get(RetentionService).preview(policy as RetentionPolicyName),
      );
      expect(plan.due).toBe(0);
      const runId = await operator.within(orgId, () =>
        operator.app.get(RetentionService).request(policy as RetentionPolicyName),
      );
      await expect(operator.as(orgId, () => operator.app.get(RetentionRunner).execute(runId))).resolves.toMatchObject({
        removed: 0,
      });
    },
  );
});
