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

/**
 * Records steps of a registration and moves its row to the last of them; may be repeated, by several at once.
 *
 * `steps` are the machine's word and replace what stands under their number. `promised` is the step an effect leads to:
 * another event may have overtaken the effect, so it never replaces a step nor moves the row back.
 */
export async function recordTransitions(
  db: Knex,
  registrationId: string,
  steps: RecordedTransition[],
  promised?: RecordedTransition,
): Promise<void> {
  const last = promised ?? steps.at(-1);
  if (!last) return;
  await db.raw(
    `
    with step as (
      select * from jsonb_to_recordset(:steps::jsonb)
        as s(sequence int, "from" text, event text, "to" text, actor text, at double precision)
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
    ), submitted as (
      delete from registration_submissions where registration_id = :id and :final
    )
    update registrations
      set state = :state, sequence = :sequence, attention = :attention, problem = :problem, updated_at = now(),
          ended_at = case when :final then now() end,
          draft = case when :final and :state = 'completed' then null else draft end
      where id = :id and (sequence < :sequence or (sequence = :sequence and :promised = 0))`,
    {
      id: registrationId,
      steps: JSON.stringify(promised ? [...steps, promised] : steps),
      promised: promised?.sequence ?? 0,
      state: last.to,
      sequence: last.sequence,
      attention: last.attention,
      problem: last.problem ?? null,
      final: last.final,
    },
  );
}
