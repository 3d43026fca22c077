import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RbacModule } from '../../rbac/index.js';
import { SpKeys } from '../saml/sp-keys.js';
import { SsoArrivals } from './sso-arrivals.service.js';
import { SsoConnectionEntity } from './sso-connection.entity.js';
import { SsoEntrance } from './sso-entrance.js';
import './sso.feature.js';
import { SsoRedis } from './sso-redis.js';
import { SsoRepository } from './sso.repository.js';
import { SsoSetupController } from './sso-setup.controller.js';
import { SsoSetupService } from './sso-setup.service.js';

/** Connections to identity providers, and what all protocols share. */
@Module({
  imports: [RbacModule, TypeOrmModule.forFeature([SsoConnectionEntity])],
  controllers: [SsoSetupController],
  providers: [SsoArrivals, SsoEntrance, SpKeys, SsoRepository, SsoSetupService, SsoRedis],
  exports: [SsoArrivals, SsoEntrance, SsoRepository, SsoSetupService, SsoRedis],
})
export class SsoModule {}
