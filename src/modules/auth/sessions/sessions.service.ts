import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentMember } from '../../../platform/context/context.js';
import { Problem } from '../../../platform/problem/index.js';
import { deviceName } from './device.js';
import { locationLabel } from './location-label.js';
import { SessionsRepository } from './sessions.repository.js';

/** Reads and revokes the caller's own sessions. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly audit: AuditLog,
  ) {}

  me() {
    const member = currentMember();
    return {
      user: { id: member.userId, email: member.email, name: member.name },
      organization: { id: member.orgId, name: member.orgName, preset: member.preset },
      membershipId: member.membershipId,
      role: member.role,
      permissions: [...member.grants.keys()],
      grants: [...member.grants].map(([permission, scope]) => ({ permission, scope })),
      session: { id: member.sessionId },
      apiKeyId: member.apiKeyId,
    };
  }

  async listSessions() {
    const { sessionId } = currentMember();
    const items = (await this.sessions.own()).map((session) => ({
      ...session,
      device: deviceName(session.userAgent),
      location: locationLabel(session.country),
      current: session.id === sessionId,
    }));
    return { items, nextCursor: null };
  }

  async signOut(): Promise<void> {
    const { sessionId, userId } = currentMember();
    await this.sessions.revoke(sessionId!);
    this.audit.record('auth.signed_out', { target: { type: 'user', id: userId } });
  }

  /** Revokes a session. Throws `not_found` when the caller has no active session with this id. */
  async revoke(id: string): Promise<void> {
    if (!(await this.sessions.revoke(id))) throw new Problem('not_found');
    this.audit.record('auth.session_revoked', { target: { type: 'session', id } });
  }

  async revokeOthers(): Promise<void> {
    const { sessionId, userId } = currentMember();
    const sessions = await this.sessions.revokeOthers(sessionId!);
    this.audit.record('auth.other_sessions_revoked', { target: { type: 'user', id: userId }, meta: { sessions } });
  }
}
