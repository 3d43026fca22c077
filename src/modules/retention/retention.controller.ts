import { Body, Controller, Delete, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import {
  PlanResponse,
  PolicyResponse,
  RunPolicyDto,
  RunResponse,
  RunsQuery,
  RunStartedResponse,
  SetDaysDto,
} from './retention.dto.js';
import { RetentionService } from './retention.service.js';

@ApiTags('Retention')
@Controller('v1/retention')
export class RetentionController {
  constructor(private readonly retention: RetentionService) {}

  /** Lists the policies for the organization's data. */
  @Get('policies')
  @Access('retention:read')
  @ResponseType(PolicyResponse, { list: true })
  policies() {
    return this.retention.policies();
  }

  /** Sets a retention period other than the declared one. */
  @Put('policies/:name/days')
  @Access('retention:update', { emits: ['retention.days_set'], interactiveOnly: true, stepUpMinutes: 15 })
  @ResponseType(PolicyResponse)
  setDays(@Param('name') name: string, @Body() { days }: SetDaysDto) {
    return this.retention.setDays(name, days);
  }

  /** Resets the retention period to the declared one. */
  @Delete('policies/:name/days')
  @Access('retention:update', { emits: ['retention.days_reset'], interactiveOnly: true, stepUpMinutes: 15 })
  @ResponseType.nothing()
  resetDays(@Param('name') name: string) {
    return this.retention.resetDays(name);
  }

  /** Returns what a policy would remove now, without removing it. */
  @Get('policies/:name/preview')
  @Access('retention:preview')
  @ResponseType(PlanResponse)
  preview(@Param('name') name: string) {
    return this.retention.preview(name);
  }

  /** Enqueues a run of a policy for the worker. */
  @Post('policies/:name/run')
  @Access('retention:run', { emits: ['retention.requested'], interactiveOnly: true, stepUpMinutes: 15 })
  @ResponseType(RunStartedResponse, { status: 202 })
  async run(@Param('name') name: string, @Body() { planHash }: RunPolicyDto) {
    return { runId: await this.retention.request(name, planHash) };
  }

  /** Lists runs, newest first. */
  @Get('runs')
  @Access('retention:read')
  @ResponseType(RunResponse, { list: true })
  runs(@Query() query: RunsQuery) {
    return this.retention.runs(query);
  }
}
