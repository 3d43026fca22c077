import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { Returns } from '../../platform/http/returns.js';
import { AssignmentsService } from './assignments.service.js';
import { AssignmentResponse, AssignmentsQuery, CreateAssignmentDto } from './people.dto.js';

@Controller('v1/assignments')
export class AssignmentsController {
  constructor(private readonly assignments: AssignmentsService) {}

  @Get()
  @Access('assignment:read')
  @Returns(AssignmentResponse, { list: true })
  list(@Query() query: AssignmentsQuery) {
    return this.assignments.list(query);
  }

  @Post()
  @Access('assignment:create', { emits: ['assignment.created'] })
  @Returns(AssignmentResponse, { status: 201 })
  create(@Body() body: CreateAssignmentDto) {
    return this.assignments.create(body);
  }

  @Delete(':id')
  @Access('assignment:end', { emits: ['assignment.ended'] })
  @Returns(AssignmentResponse)
  end(@Param('id', ParseUUIDPipe) id: string) {
    return this.assignments.end(id);
  }
}
