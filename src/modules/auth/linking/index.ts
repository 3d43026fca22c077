export { CONFIRM_EVENTS, LinkCookies } from './link-cookies.js';
export { LinkingModule } from './linking.module.js';
export { LinkingService, type LinkView } from './linking.service.js';
