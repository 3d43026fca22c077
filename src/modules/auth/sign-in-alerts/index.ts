export { WatchModule } from './sign-in-alerts.module.js';
