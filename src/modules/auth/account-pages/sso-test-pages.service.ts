import { Injectable } from '@nestjs/common';
import { currentMember } from '../../../platform/context/context.js';
import { toProblem } from '../../../platform/http/index.js';
import { notePage, redisplayForm } from '../../../platform/pages/index.js';
import { isGranted } from '../../../platform/policies/grants.js';
import { Problem } from '../../../platform/problem/index.js';
import { OrganizationService } from '../../tenancy/index.js';
import { SsoSetupService, SsoTestReport, SsoTrace } from '../sso/index.js';
import { ssoTestPage, type SsoTestView, type TestView } from './sso-test.views.js';

const MAX_REJECTED = 5;

/** Throws an error that shows the page again with the missing step; see `redisplayForm`. */
function redisplay(error: Problem, view: SsoTestView): never {
  const messages = {
    would_lock_you_out: error.detail ?? error.title,
    sso_connection_not_tested: 'Complete a test first. A change of the connection needs a new test.',
  };
  return redisplayForm(error, messages, (problem) => ssoTestPage({ ...view, problem }));
}

/** Renders the test of a connection. Each step does the same as the corresponding API route. */
@Injectable()
export class SsoTestPages {
  constructor(
    private readonly setup: SsoSetupService,
    private readonly report: SsoTestReport,
    private readonly trace: SsoTrace,
    private readonly organizations: OrganizationService,
  ) {}

  /** Returns the page of a connection. Throws `not_found` when there is no such connection. */
  async show(id: string): Promise<string> {
    return ssoTestPage(await this.view(id));
  }

  /**
   * Enforces SSO, and returns the page that says so. Shows the page with the missing step when the setting would end
   * the caller's own access, or when no test has succeeded. Throws `not_found` when there is no such connection.
   */
  async enforce(id: string): Promise<string> {
    const view = await this.view(id);
    try {
      await this.organizations.secure({ requireSso: true });
    } catch (error) {
      return redisplay(toProblem(error), view);
    }
    return notePage(
      'Single sign-on is enforced',
      'Members now sign in through the identity provider. Owners can still sign in with a second factor of their own.',
      { href: `/sso-test/${id}`, label: 'Back to the connection' },
    );
  }

  private async view(id: string): Promise<SsoTestView> {
    const { name, enabled, status, testedAt } = await this.setup.read(id);
    const { items } = await this.trace.list(id);
    const { requireSso } = await this.organizations.current();
    return {
      id,
      name,
      enabled,
      draft: status === 'draft',
      tested: enabled && testedAt !== null,
      test: await this.lastTest(id),
      rejected: items.filter(({ accepted, test }) => !accepted && !test).slice(0, MAX_REJECTED),
      enforced: requireSso,
      mayEnforce: isGranted(currentMember().grants, 'organization:update-sign-in'),
    };
  }

  private async lastTest(id: string): Promise<TestView | null> {
    try {
      return await this.report.lastTest(id);
    } catch (error) {
      if (error instanceof Problem && error.code === 'not_found') return null;
      throw error;
    }
  }
}
