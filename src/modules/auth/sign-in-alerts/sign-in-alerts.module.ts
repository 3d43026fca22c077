import { Module } from '@nestjs/common';
import './sign-in-alerts.feature.js';
import { SignInAlertJobs } from './sign-in-alerts.jobs.js';
import { SignInAlertsRepository } from './sign-in-alerts.repository.js';

/** Audit events and mails about unusual sign-ins. */
@Module({ providers: [SignInAlertJobs, SignInAlertsRepository] })
export class SignInAlertsModule {}
