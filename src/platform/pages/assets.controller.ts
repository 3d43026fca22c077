import { readFileSync } from 'node:fs';
import { Controller, Get } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import { ResponseType } from '../http/response-type.js';

const asset = (name: string) => readFileSync(`${import.meta.dirname}/assets/${name}`, 'utf8');
const STYLE = asset('style.css');
const PASSKEYS = asset('passkeys.js');
const TOKEN = asset('token.js');

const REASON = 'the file is equal for all users';

/** Serves the files of the pages. The content security policy blocks inline code. */
@Controller('assets')
export class AssetsController {
  @Get('style.css')
  @Public(REASON)
  @ResponseType.text('text/css; charset=utf-8')
  style() {
    return STYLE;
  }

  @Get('passkeys.js')
  @Public(REASON)
  @ResponseType.text('text/javascript; charset=utf-8')
  passkeys() {
    return PASSKEYS;
  }

  @Get('token.js')
  @Public(REASON)
  @ResponseType.text('text/javascript; charset=utf-8')
  token() {
    return TOKEN;
  }
}
