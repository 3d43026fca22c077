export { SignInAlertsModule } from './sign-in-alerts.module.js';
