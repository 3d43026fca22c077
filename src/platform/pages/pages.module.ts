import { Module } from '@nestjs/common';
import { AssetsController } from './assets.controller.js';

/** What server-rendered pages share: markup that is safe to send, a layout, and the files it refers to. */
@Module({ controllers: [AssetsController] })
export class PagesModule {}
