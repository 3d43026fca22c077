import { plainToInstance } from 'class-transformer';
import { IsISO8601, IsObject, IsString, validate } from 'class-validator';
import { PermanentFailure } from '../../platform/jobs/on-job.js';

/**
 * The body of a delivery: the event type and its data. The feature that declares the event type also declares the class
 * of the data.
 */
export class WebhookEnvelope {
  @IsString()
  type: string;

  /** The time of the event according to the sender. */
  @IsISO8601({ strict: true })
  timestamp: string;

  @IsObject()
  data: object;
}

/**
 * Returns the value as a validated instance of the class. Fails permanently with `payload_invalid` when the value is
 * invalid.
 */
export async function parseAs<T extends object>(type: new () => T, value: unknown): Promise<T> {
  const instance = plainToInstance(type, value);
  const errors = await validate(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  if (errors.length > 0) throw new PermanentFailure('payload_invalid');
  return instance;
}
