import { Module } from '@nestjs/common';
import './sign-in-alerts.feature.js';
import { SignInAlertJobs } from './sign-in-alerts.jobs.js';
import { SignInAlertsRepository } from './sign-in-alerts.repository.js';

/** Sign-ins that are unlike those before. */
@Module({ providers: [SignInAlertJobs, SignInAlertsRepository] })
export class SignInAlertsModule {}
