import type { Knex } from 'knex';
import type { User } from './models.js';

/** What passed between the person and others: as of others only that it was, for who they are is not theirs to carry away. */
export async function exportDealings(db: Knex, { id, email, registration_id }: User) {
  const [administration, invitation, asked, answered, sent, mails] = await Promise.all([
    db('audit_log').where({ user_id: id }).orderBy('id').select('at', 'action'),
    registration_id
      ? db('invitations').where({ registration_id }).first('created_at as invitedAt', 'outcome', 'ended_at as endedAt')
      : undefined,
    registration_id
      ? db('join_requests')
          .where({ registration_id })
          .orderBy('created_at')
          .select('created_at as askedAt', 'name', 'outcome', 'ended_at as endedAt')
      : [],
    db('join_requests')
      .where({ administrator_id: id })
      .orderBy('created_at')
      .select('created_at as askedAt', 'outcome', 'ended_at as endedAt'),
    db('invitations')
      .where({ invited_by: id })
      .orderBy('created_at')
      .select('created_at as invitedAt', 'outcome', 'ended_at as endedAt'),
    db('notices').where({ email }).orderBy('created_at').select('template', 'state', 'sent_at as sentAt'),
  ]);
  return {
    /** By which the person came. */
    invitation: invitation ?? null,
    requestsToJoin: { asked, received: answered },
    invitationsSent: sent,
    /** What the person changed as an administrator. */
    administration: administration as { at: Date; action: string }[],
    /** To the person, in the last thirty days. */
    mails,
  };
}
