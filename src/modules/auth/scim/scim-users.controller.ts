import { Controller } from '@nestjs/common';
import { ScimResourceController } from './scim-resource.controller.js';
import { ScimResourceService } from './scim-resource.service.js';
import { ScimUsersService } from './scim-users.service.js';
import { ScimUserResponse, ScimUsersResponse } from './scim.dto.js';
import type { UserRow } from './scim.repository.js';

const Base = ScimResourceController<UserRow>({
  resource: ScimUserResponse,
  list: ScimUsersResponse,
  created: ['scim.user_provisioned', 'scim.user_linked'],
  updated: 'scim.user_updated',
  deleted: 'scim.user_deleted',
});

/** The operations of RFC 7644 section 3 for Users. */
@Controller('scim/v2/Users')
export class ScimUsersController extends Base {
  constructor(
    resources: ScimResourceService,
    readonly type: ScimUsersService,
  ) {
    super(resources);
  }
}
