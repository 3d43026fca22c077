import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { Access } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';
import { IdentityMoves } from './identity-moves.service.js';
import {
  IdentityMovePreviewResponse,
  IdentityMoveResponse,
  MoveIdentitiesDto,
  PreviewIdentityMoveDto,
} from './identities.dto.js';

/** Moves the identities of another connection to this connection. */
@Controller('v1/sso/connections/:id/identity-move')
export class IdentityMovesController {
  constructor(private readonly moves: IdentityMoves) {}

  /** Returns the move that waits for sign-ins. */
  @Get()
  @Access('sso:read')
  @ResponseType(IdentityMoveResponse)
  read(@Param('id', ParseUUIDPipe) id: string) {
    return this.moves.read(id);
  }

  /** Returns which members a move would concern, and the role that each would get. */
  @Post('preview')
  @Access('sso:update', { emits: ['sso.identity_move_previewed'] })
  @ResponseType(IdentityMovePreviewResponse)
  preview(@Param('id', ParseUUIDPipe) id: string, @Body() body: PreviewIdentityMoveDto) {
    return this.moves.preview(id, body);
  }

  /** Starts a move. It replaces an earlier move to this connection. */
  @Post()
  @Access('sso:update', { emits: ['sso.identities_moved'], interactiveOnly: true, stepUpMinutes: 30 })
  @ResponseType(IdentityMoveResponse, { status: 201 })
  move(@Param('id', ParseUUIDPipe) id: string, @Body() body: MoveIdentitiesDto) {
    return this.moves.move(id, body);
  }

  /** Cancels the move. Members who have used it keep their identities. */
  @Delete()
  @Access('sso:update', { emits: ['sso.identity_move_cancelled'], interactiveOnly: true })
  @ResponseType.nothing()
  cancel(@Param('id', ParseUUIDPipe) id: string) {
    return this.moves.cancel(id);
  }
}
