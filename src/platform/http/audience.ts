import { Expose } from 'class-transformer';
import type { Member } from '../context/context.js';
import type { Audience } from './serializer.js';

/** The field leaves, but not for portal roles: whoever is the subject of records has no business with it. */
export function StaffOnly(): PropertyDecorator {
  return Expose({ groups: ['staff'] });
}

/** Whom an answer to a member is for. Who is not signed in is given no more than a portal. */
export function audienceOf(member: Pick<Member, 'portal'> | null): Audience {
  return member?.portal === false ? 'staff' : 'portal';
}
