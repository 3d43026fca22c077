import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Access } from '../../platform/access/decorators.js';
import { fileAnswer, PageQuery, ResponseType } from '../../platform/http/index.js';
import { Problem } from '../../platform/problem/index.js';
import { CreateExportDto, ExportResponse, FileQuery } from './exports.dto.js';
import { ExportsService } from './exports.service.js';

@Controller('v1/exports')
export class ExportsController {
  constructor(private readonly exports: ExportsService) {}

  /**
   * Requests an export. API keys cannot request or download one, because the file names the requesting user and holds
   * everything that the user can see.
   */
  @Post()
  @Access('export:create', { emits: ['export.requested'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(ExportResponse, { status: 202 })
  request(@Body() body: CreateExportDto) {
    return this.exports.request(body);
  }

  @Get()
  @Access('export:read')
  @ResponseType(ExportResponse, { list: true })
  list(@Query() query: PageQuery) {
    return this.exports.list(query);
  }

  @Get(':id')
  @Access('export:read', { emits: ['export.link_issued'] })
  @ResponseType(ExportResponse)
  read(@Param('id', ParseUUIDPipe) id: string) {
    return this.exports.read(id);
  }

  @Get(':id/file')
  @Access('document:download', { emits: ['export.downloaded'], interactiveOnly: true })
  @ResponseType.file({ ranges: true })
  async file(
    @Param('id', ParseUUIDPipe) id: string,
    @Query() { token }: FileQuery,
    @Req() { method, headers }: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    // Nest routes HEAD to this handler too. HEAD would consume the link without sending the file.
    if (method !== 'GET') throw new Problem('method_not_allowed', { headers: { Allow: 'GET' } });
    const { answer, sent } = await this.exports.download(id, token, headers);
    response.once('finish', () => response.statusCode < 300 && sent());
    return fileAnswer(response, answer);
  }
}
