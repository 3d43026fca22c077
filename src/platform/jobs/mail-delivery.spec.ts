import { beforeEach, expect, it } from '@jest/globals';
import { Context, withContext } from '../context/context.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import { MailFailed, type Mailer } from '../mail/mailer.js';
import { MailDelivery, type MailSteps } from './mail-delivery.js';
import { PermanentFailure } from './on-job.js';

const JOB_ORG = '01890000-0000-7000-8000-000000000001';
const OTHER_ORG = '01890000-0000-7000-8000-000000000002';

let steps: string[];
let failure: Error | null;

const unitOfWork = {
  run: async <T>({ call }: { call: { values?: unknown[] } }, fn: () => Promise<T>): Promise<T> => {
    steps.push(`begin ${String(call.values?.[0])}`);
    const result = await fn();
    steps.push('commit');
    return result;
  },
} as unknown as UnitOfWork;

const mailer = {
  send: async ({ to }: { to: string }) => {
    steps.push(`send ${to}`);
    if (failure !== null) throw failure;
  },
} as unknown as Mailer;

const mailSteps = (found: string | null): MailSteps<string> => ({
  load: async () => found,
  write: (to) => ({ to, subject: 'x', text: 'x' }),
  record: (to) => void steps.push(`record ${to}`),
});

function deliver(mail: MailSteps<string>): Promise<void> {
  const context = new Context({ orgId: JOB_ORG });
  return withContext(context, () => new MailDelivery(mailer, unitOfWork).deliver(mail));
}

beforeEach(() => {
  steps = [];
  failure = null;
});

it('loads in one transaction, sends with none open, and records in another', async () => {
  await deliver(mailSteps('a@test.example'));
  expect(steps).toEqual([
    `begin ${JOB_ORG}`,
    'commit',
    'send a@test.example',
    `begin ${JOB_ORG}`,
    'record a@test.example',
    'commit',
  ]);
});

it('records in the organization that the steps name', async () => {
  await deliver({ ...mailSteps('a@test.example'), recordIn: () => OTHER_ORG });
  expect(steps.slice(2)).toEqual(['send a@test.example', `begin ${OTHER_ORG}`, 'record a@test.example', 'commit']);
});

it('opens no second transaction when there is nothing to record', async () => {
  await deliver({ ...mailSteps('a@test.example'), record: undefined });
  expect(steps).toEqual([`begin ${JOB_ORG}`, 'commit', 'send a@test.example']);
});

it('sends nothing when nothing was loaded', async () => {
  await deliver(mailSteps(null));
  expect(steps).toEqual([`begin ${JOB_ORG}`, 'commit']);
});

it('fails permanently and records nothing when the server rejects the mail permanently', async () => {
  failure = new MailFailed('EENVELOPE 550', true);
  const error = await deliver(mailSteps('a@test.example')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PermanentFailure);
  expect(error).toMatchObject({ code: 'mail_rejected', cause: failure });
  expect(steps.some((step) => step.startsWith('record'))).toBe(false);
});

it('rethrows any other failure, so that the job runs again', async () => {
  failure = new MailFailed('ECONNREFUSED', false);
  await expect(deliver(mailSteps('a@test.example'))).rejects.toBe(failure);
  failure = new TypeError('invalid address');
  await expect(deliver(mailSteps('a@test.example'))).rejects.toBe(failure);
});
