import { IsObject, IsString, validate } from 'class-validator';
import { declared, type WebhookEventName } from '../../platform/feature/registry.js';
import { IsInstant } from '../../platform/http/fields.js';
import { toInstanceOfKnown } from '../../platform/input/input.js';
import { fieldErrors } from '../../platform/http/validation.js';
import { Problem } from '../../platform/problem/index.js';
import { orderKeyOf } from './order-key.js';

/**
 * The body of a delivery: the event type and its data. The feature that declares the event type also declares the class
 * of the data.
 */
class WebhookEnvelope {
  @IsString()
  type: string;

  /** The time of the event according to the sender. */
  @IsInstant()
  timestamp: string;

  @IsObject()
  data: object;
}

/** A valid message of a partner system. `data` is an instance of the class that the event declares. */
export interface WebhookMessage {
  readonly event: WebhookEventName;
  /** The time of the event from the sender (RFC 3339). */
  readonly timestamp: string;
  readonly data: object;
  /** Equal for all messages about one record; null when the message names none. */
  readonly orderKey: string | null;
}

/**
 * Reads the parsed body of a delivery. It ignores unknown fields at every depth, so that a partner can add fields at
 * any time. Throws `invalid_request` with the fields when the envelope or the data is invalid, or when no feature
 * declares the event type.
 */
export async function readMessage(body: unknown): Promise<WebhookMessage> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Problem('invalid_request', { detail: 'the body must be a JSON object' });
  const { type, timestamp, data } = await readAs(WebhookEnvelope, body);
  const event = declared('webhookEvents').get(type);
  if (event === undefined) throw invalid('type', 'is not a supported event type');
  const valid = await readAs(event.dto, data, 'data.');
  // The key comes from the composed text, because the record is found by it.
  return { event: type as WebhookEventName, timestamp, data: valid, orderKey: orderKeyOf(type, event.orderKey, valid) };
}

/**
 * Returns the instant of a timestamp in UTC with microseconds. Postgres has this precision, and its parser rejects
 * offsets of 16 hours and more, which RFC 3339 allows.
 */
export function instantOf(timestamp: string): string {
  const micros = /\.\d{3}(\d{1,3})/.exec(timestamp)?.[1] ?? '';
  return new Date(timestamp).toISOString().replace('Z', `${micros.padEnd(3, '0')}Z`);
}

/**
 * Throws `invalid_request` unless the event happened between 1970 and `toleranceSeconds` from now. One event from the
 * distant future would supersede all later events about its record.
 */
export function assertHappened({ timestamp }: WebhookMessage, nowSeconds: number, toleranceSeconds: number): void {
  const at = Date.parse(timestamp) / 1_000;
  if (at < 0 || at > nowSeconds + toleranceSeconds) throw invalid('timestamp', 'must be a time between 1970 and now');
}

async function readAs<T extends object>(type: new () => T, value: object, path = ''): Promise<T> {
  const instance = toInstanceOfKnown(type, value);
  const errors = await validate(instance, {
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false },
  });
  if (errors.length > 0) throw new Problem('invalid_request', { errors: fieldErrors(errors, path) });
  return instance;
}

function invalid(field: string, message: string): Problem {
  return new Problem('invalid_request', { errors: [{ field, message }] });
}
