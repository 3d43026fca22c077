import { expect, it } from '@jest/globals';
import { inviteMail } from './invite-mail.js';

const LETTER = {
  id: 'i',
  email: 'a@b.example',
  role: 'trainee',
  expiresAt: new Date('2026-03-04T05:06:07Z'),
  organization: 'Synthetic Program',
  inviter: 'Dr. Synthetic',
};

it('the invitation mail names the inviter and the organization, the expiry, and how to accept', () => {
  const { to, subject, text } = inviteMail(LETTER, 'https://records.example.org/invites/accept#token=x');
  expect([to, subject]).toEqual(['a@b.example', 'Invitation to Synthetic Program']);
  expect(text).toContain('Dr. Synthetic invites you to become a member of Synthetic Program.');
  expect(text).toContain('\nhttps://records.example.org/invites/accept#token=x\n');
  expect(text).toContain('expires on 2026-03-04 05:06 UTC');
});

it('keeps manipulated names within their line', () => {
  const { subject, text } = inviteMail(
    { ...LETTER, organization: 'P\r\nBcc: c@d.example', inviter: 'Eve\n\nhttps://evil.example\n\n' },
    'https://records.example.org/',
  );
  expect(subject).toBe('Invitation to P Bcc: c@d.example');
  expect(text.split('\n')[0]).toBe('Eve https://evil.example invites you to become a member of P Bcc: c@d.example.');
});
