import { Module } from '@nestjs/common';
import { InstitutionsController } from './institutions.controller.js';
import './institutions.feature.js';
import { InstitutionsRepository } from './institutions.repository.js';
import { InstitutionsService } from './institutions.service.js';

@Module({
  controllers: [InstitutionsController],
  providers: [InstitutionsService, InstitutionsRepository],
  exports: [InstitutionsService],
})
export class InstitutionsModule {}
