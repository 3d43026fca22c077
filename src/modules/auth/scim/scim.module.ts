import { Module } from '@nestjs/common';
import { RbacModule } from '../../rbac/index.js';
import { SsoModule } from '../sso/index.js';
import { ScimDiscoveryController } from './scim-discovery.controller.js';
import { ScimGroupsController } from './scim-groups.controller.js';
import { ScimGroupsService } from './scim-groups.service.js';
import { ScimJobs } from './scim.jobs.js';
import { ScimLog } from './scim-log.js';
import { ScimResourceService } from './scim-resource.service.js';
import { ScimTokensController } from './scim-tokens.controller.js';
import { ScimTokensRepository } from './scim-tokens.repository.js';
import { ScimTokensService } from './scim-tokens.service.js';
import { ScimUsersController } from './scim-users.controller.js';
import { ScimUsersService } from './scim-users.service.js';
import './scim.feature.js';
import { ScimRepository } from './scim.repository.js';

/** SCIM 2.0 (RFC 7642 to 7644): an institution's directory creates, changes, and ends memberships. */
@Module({
  imports: [RbacModule, SsoModule],
  controllers: [ScimDiscoveryController, ScimGroupsController, ScimTokensController, ScimUsersController],
  providers: [
    ScimGroupsService,
    ScimJobs,
    ScimLog,
    ScimRepository,
    ScimResourceService,
    ScimTokensRepository,
    ScimTokensService,
    ScimUsersService,
  ],
  exports: [ScimTokensService],
})
export class ScimModule {}
