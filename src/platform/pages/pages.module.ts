import { Global, Module } from '@nestjs/common';
import { ProblemPage } from '../http/problem.filter.js';
import { AssetsController } from './assets.controller.js';
import { KeptToken } from './kept-token.js';
import { HtmlProblemPage } from './problem-page.js';

/** Provides the shared parts of server-rendered pages: safe markup, a layout, problem pages, and asset files. */
@Global()
@Module({
  controllers: [AssetsController],
  providers: [{ provide: ProblemPage, useClass: HtmlProblemPage }, KeptToken],
  exports: [ProblemPage, KeptToken],
})
export class PagesModule {}
