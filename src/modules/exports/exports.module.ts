import { Module } from '@nestjs/common';
import { PeopleModule } from '../people/index.js';
import { AttemptsRepository } from './attempts.repository.js';
import { CopyRepository } from './copy.repository.js';
import { ExportFiles } from './export-files.js';
import { ExportMaker } from './export-maker.js';
import { ExportReach } from './export-reach.js';
import { ExportRenderer } from './export-renderer.js';
import { ExportsController } from './exports.controller.js';
import './exports.feature.js';
import { ExportsRepository } from './exports.repository.js';
import { ExportsService } from './exports.service.js';

@Module({
  imports: [PeopleModule],
  controllers: [ExportsController],
  providers: [
    ExportsService,
    ExportsRepository,
    ExportReach,
    ExportFiles,
    ExportMaker,
    ExportRenderer,
    AttemptsRepository,
    CopyRepository,
  ],
})
export class ExportsModule {}
