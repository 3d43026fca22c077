import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AssignmentEntity } from './assignment.entity.js';
import { AssignmentsController } from './assignments.controller.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { AssignmentsService } from './assignments.service.js';
import { HistoryRepository } from './history.repository.js';
import { HistoryService } from './history.service.js';
import './people.feature.js';
import { PeopleController } from './people.controller.js';
import { PeopleRepository } from './people.repository.js';
import { PeopleService } from './people.service.js';
import { PeopleWebhooks } from './people.webhooks.js';
import { PersonEntity } from './person.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([PersonEntity, AssignmentEntity])],
  controllers: [PeopleController, AssignmentsController],
  providers: [
    PeopleService,
    PeopleRepository,
    HistoryService,
    HistoryRepository,
    AssignmentsService,
    AssignmentsRepository,
    PeopleWebhooks,
  ],
  exports: [PeopleService, AssignmentsService],
})
export class PeopleModule {}
