import { Module } from '@nestjs/common';
import { OverridesController } from './overrides.controller.js';
import { OverridesRepository } from './overrides.repository.js';
import { OverridesService } from './overrides.service.js';
import './rbac.feature.js';
import { RolesController } from './roles.controller.js';
import { RolesRepository } from './roles.repository.js';
import { RolesService } from './roles.service.js';

@Module({
  controllers: [RolesController, OverridesController],
  providers: [RolesService, RolesRepository, OverridesService, OverridesRepository],
  exports: [RolesService],
})
export class RbacModule {}
