import { Expose } from 'class-transformer';
import type { Member } from '../context/context.js';
import type { Audience } from './serializer.js';

/** Exposes a field to staff only. Portal roles do not receive it. */
export function StaffOnly(): PropertyDecorator {
  return Expose({ groups: ['staff'] });
}

/** Returns the audience of a response. A caller who is not signed in gets the audience `portal`. */
export function audienceOf(member: Pick<Member, 'portal'> | null): Audience {
  return member?.portal === false ? 'staff' : 'portal';
}
