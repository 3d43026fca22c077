import { Module } from '@nestjs/common';
import { PeopleModule } from '../people/index.js';
import { AttemptsRepository } from './attempts.repository.js';
import { CopyStream } from './copy-stream.js';
import { ExportFiles } from './export-files.js';
import { ExportBuilder } from './export-builder.js';
import { ExportAuthorization } from './export-authorization.js';
import { ExportJob } from './export-job.js';
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
    ExportAuthorization,
    ExportFiles,
    ExportBuilder,
    ExportJob,
    AttemptsRepository,
    CopyStream,
  ],
})
export class ExportsModule {}
