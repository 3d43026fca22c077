export { redisplayForm, type FormMessages } from './form-redisplay.js';
export { html, markup, type Html } from './html.js';
export { KeptToken } from './kept-token.js';
export { alert, field, hidden, newPasswordField, page } from './layout.js';
export { notePage } from './note-page.js';
export { PageFilter } from './page.filter.js';
export { PagesModule } from './pages.module.js';
export { seeOther } from './see-other.js';
export { tokenPage, type TokenForm } from './token-page.js';
