import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { AssignmentsService } from './assignments.service.js';
import { AssignmentResponse, AssignmentsQuery, CreateAssignmentDto } from './people.dto.js';

@Controller('v1/assignments')
export class AssignmentsController {
  constructor(private readonly assignments: AssignmentsService) {}

  @Get()
  @Access('assignment:read')
  @ResponseType(AssignmentResponse, { list: true })
  list(@Query() query: AssignmentsQuery) {
    return this.assignments.list(query);
  }

  @Post()
  @Access('assignment:create', { emits: ['assignment.created'] })
  @ResponseType(AssignmentResponse, { status: 201 })
  create(@Body() body: CreateAssignmentDto) {
    return this.assignments.create(body);
  }

  @Delete(':id')
  @Access('assignment:end', { emits: ['assignment.ended'] })
  @ResponseType(AssignmentResponse)
  end(@Param('id', ParseUUIDPipe) id: string) {
    return this.assignments.end(id);
  }
}
