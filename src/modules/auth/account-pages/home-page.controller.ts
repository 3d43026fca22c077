import { Controller, Get } from '@nestjs/common';
import { Public } from '../../../platform/access/decorators.js';
import { ResponseType } from '../../../platform/http/response-type.js';

/** The start page. A sign-in without another target ends here, and so does a logout. Mails link to it. */
@Controller()
export class HomePageController {
  @Get()
  @Public('the account page requires the session')
  @ResponseType.redirect(303)
  show() {
    return { url: '/account' };
  }
}
