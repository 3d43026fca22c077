import { Module } from '@nestjs/common';
import { AssetsController } from './assets.controller.js';

/** Provides the shared parts of server-rendered pages: safe markup, a layout, and asset files. */
@Module({ controllers: [AssetsController] })
export class PagesModule {}
