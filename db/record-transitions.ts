import type { Knex } from 'knex';

/** One step of a registration; `Transition` of the workflow's messages, told again so that `db` depends on nothing. */
export interface RecordedTransition {
  sequence: number;
  from: string;
  event: string;
  to: string;
  actor: string;
  at: number;
  attention: boolean;
  final: boolean;
  problem?: string;
}

/** A mail that the step is about, and the mail server's reply code to it. */
export interface DeliveredMail {
  sequence: number;
  reply: string;
}

/** Ends that nothing undoes. Others can have been promised by an effect that something overtook. */
export const lasting = ['completed', 'cancelled', 'declined'];

/**
 * Records steps of a registration and moves its row to the last of them; may be repeated, by several at once.
 *
 * `steps` are the machine's word and replace what stands under their number. `promised` is the step an effect leads to:
 * another event may have overtaken the effect, so it never replaces a step nor moves the row back.
 *
 * `delivered` is noted with them, in the same statement.
 *
 * Once the account is made, nothing more is recorded, and the answer is the state that the row has ended in: Temporal
 * refuses a workflow task that makes an account if a signal or timer came meanwhile, and what the workflow knew of the
 * account goes with it (INV-7, INV-9). The same holds for what was cancelled or declined: people were told so, and a
 * workflow that does not know, of a Temporal restored from an older backup for instance, must not revive it.
 */
export async function recordTransitions(
  db: Knex,
  registrationId: string,
  steps: RecordedTransition[],
  promised?: RecordedTransition,
  delivered?: DeliveredMail,
): Promise<{ endedAs?: string }> {
  const last = promised ?? steps.at(-1);
  if (!last) return {};
  const { rows } = await db.raw<{ rows: { ended_as: string }[] }>(
    `
    with registration as (
      select id, state from registrations where id = :id
    ), step as (
      select s.* from registration r, jsonb_to_recordset(:steps::jsonb)
        as s(sequence int, "from" text, event text, "to" text, actor text, at double precision)
        where not (r.state = any(:lasting))
    ), told as (
      insert into registration_events (registration_id, sequence, from_state, event, to_state, actor, at)
      select :id, sequence, "from", event, "to", actor, to_timestamp(at / 1000) from step where sequence <> :promised
      on conflict (registration_id, sequence) do update
        set from_state = excluded.from_state, event = excluded.event, to_state = excluded.to_state,
            actor = excluded.actor, at = excluded.at
    ), expected as (
      insert into registration_events (registration_id, sequence, from_state, event, to_state, actor)
      select :id, sequence, "from", event, "to", actor from step where sequence = :promised
      on conflict (registration_id, sequence) do nothing
    ), delivered as (
      update mails set state = 'sent', reply = :reply, sent_at = now()
        where registration_id = :id and sequence = :mail and state <> 'sent'
    ), moved as (
      update registrations
        set state = :state, sequence = :sequence, attention = :attention, problem = :problem, updated_at = now(),
            state_since = case when state = :state then state_since else now() end,
            ended_at = case when :final then now() end,
            draft = case when :state = 'completed' then null else draft end,
            draft_code = case when :final then null else draft_code end
        where id = :id and not (state = any(:lasting)) and (sequence < :sequence or (sequence = :sequence and :promised = 0))
    )
    select state as ended_as from registration where state = any(:lasting) and state <> :state`,
    {
      id: registrationId,
      steps: JSON.stringify(promised ? [...steps, promised] : steps),
      promised: promised?.sequence ?? 0,
      state: last.to,
      sequence: last.sequence,
      attention: last.attention,
      problem: last.problem ?? null,
      final: last.final,
      mail: delivered?.sequence ?? null,
      lasting,
      reply: delivered?.reply ?? null,
    },
  );
  return rows[0] ? { endedAs: rows[0].ended_as } : {};
}
