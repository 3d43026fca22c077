export { AccessReviewModule } from './access-review.module.js';
