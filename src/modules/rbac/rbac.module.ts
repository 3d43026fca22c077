import { Module } from '@nestjs/common';
import { RbacController } from './rbac.controller.js';
import './rbac.feature.js';
import { RbacRepository } from './rbac.repository.js';
import { RbacService } from './rbac.service.js';

@Module({ controllers: [RbacController], providers: [RbacService, RbacRepository] })
export class RbacModule {}
