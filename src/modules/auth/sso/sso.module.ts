import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RbacModule } from '../../rbac/index.js';
import { OidcSettings } from '../oidc/oidc-settings.js';
import { SsoEndings } from './sso-endings.service.js';
import { SsoArrivals } from './sso-arrivals.service.js';
import { SsoConnectionEntity } from './sso-connection.entity.js';
import './sso.feature.js';
import { SsoRedis } from './sso-redis.js';
import { SsoRepository } from './sso.repository.js';
import { SsoSetupController } from './sso-setup.controller.js';
import { SsoSetupService } from './sso-setup.service.js';

/** Connections to identity providers, and what all protocols share. */
@Module({
  imports: [RbacModule, TypeOrmModule.forFeature([SsoConnectionEntity])],
  controllers: [SsoSetupController],
  providers: [OidcSettings, SsoArrivals, SsoEndings, SsoRepository, SsoSetupService, SsoRedis],
  exports: [SsoArrivals, SsoEndings, SsoRepository, SsoSetupService, SsoRedis],
})
export class SsoModule {}
