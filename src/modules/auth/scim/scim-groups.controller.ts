import { Controller } from '@nestjs/common';
import { ScimGroupsService } from './scim-groups.service.js';
import { ScimResourceController } from './scim-resource.controller.js';
import { ScimResourceService } from './scim-resource.service.js';
import { ScimGroupResponse, ScimGroupsResponse } from './scim.dto.js';
import type { GroupRow } from './scim.repository.js';

const Base = ScimResourceController<GroupRow>({
  resource: ScimGroupResponse,
  list: ScimGroupsResponse,
  created: ['scim.group_created'],
  updated: 'scim.group_updated',
  deleted: 'scim.group_deleted',
});

/** The operations of RFC 7644 section 3 for Groups. */
@Controller('scim/v2/Groups')
export class ScimGroupsController extends Base {
  constructor(
    resources: ScimResourceService,
    readonly type: ScimGroupsService,
  ) {
    super(resources);
  }
}
