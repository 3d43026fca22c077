import { Injectable } from '@nestjs/common';
import type { Grants } from '../../platform/policies/grants.js';
import { Problem } from '../../platform/problem/index.js';
import { PeopleService } from '../people/index.js';
import type { ExportKind } from './export.js';

/** Throws forbidden unless the grants allow an export of all people; narrower scopes export single records only. */
export function assertMayExportEverybody(grants: Grants): void {
  if (grants.get('export:create') !== 'org' || !grants.has('person:read')) throw new Problem('forbidden');
}

/** Checks what a member may export, at the request and again when the worker builds the file. */
@Injectable()
export class ExportAuthorization {
  constructor(private readonly people: PeopleService) {}

  /** Throws forbidden when the grants do not allow the kind, and not_found when they do not cover the person. */
  async assert(kind: ExportKind, personId: string | null, grants: Grants): Promise<void> {
    if (kind === 'people_csv') assertMayExportEverybody(grants);
    else await this.assertPerson(personId!, grants);
  }

  /** Throws forbidden or not_found unless the current member may export this person's record. */
  async assertPerson(personId: string, grants: Grants): Promise<void> {
    const scope = grants.get('export:create');
    if (scope === undefined) throw new Problem('forbidden');
    if (!(await this.people.isInScope(personId, scope))) throw new Problem('not_found');
  }
}
