export { html, markup, type Html } from './html.js';
export { alert, field, hidden, page } from './layout.js';
export { PageFilter } from './page.filter.js';
export { PagesModule } from './pages.module.js';
export { tokenPage, type TokenForm } from './token-page.js';
