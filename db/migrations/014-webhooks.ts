import type { Knex } from 'knex';

const tables = `
  create table webhook_endpoints (
    id uuid primary key,
    url text not null,
    name text not null,
    event_types text[] not null check (cardinality(event_types) > 0),
    sealed_secret bytea not null,
    secret_at timestamptz not null default now(),
    secret_by uuid not null references staff,
    sealed_old_secret bytea,
    old_secret_until timestamptz,
    failing_since timestamptz,
    disabled_at timestamptz,
    disabled_reason text check (disabled_reason in ('staff', 'gone', 'failing')),
    version integer not null default 1,
    created_at timestamptz not null default now(),
    check ((disabled_at is null) = (disabled_reason is null)),
    check ((sealed_old_secret is null) = (old_secret_until is null))
  );
  comment on table webhook_endpoints is 'Where the host platform is told of events. Secrets are encrypted; the old one signs as well until old_secret_until. failing_since: first failure since the last success.';

  create table platform_events (
    id uuid primary key default gen_random_uuid(),
    type text not null,
    data jsonb not null,
    at timestamptz not null default clock_timestamp()
  );
  create index platform_events_at on platform_events (at);
  comment on table platform_events is 'What the host platform is told: ids, references, kinds, states and times, nothing personal. Written by triggers, in the transaction of the change, while an enabled endpoint wants it; erased after 30 days.';

  create table webhook_deliveries (
    id uuid primary key default gen_random_uuid(),
    event_id uuid not null references platform_events on delete cascade,
    endpoint_id uuid not null references webhook_endpoints on delete cascade,
    state text not null default 'waiting' check (state in ('waiting', 'retrying', 'delivered', 'failed')),
    attempts integer not null default 0,
    status integer,
    reason text,
    handed_at timestamptz,
    next_attempt_at timestamptz,
    requested_by uuid references staff,
    created_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
  );
  create index webhook_deliveries_waiting on webhook_deliveries (created_at) where state = 'waiting';
  create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, created_at desc, id desc);
  create index webhook_deliveries_event on webhook_deliveries (event_id);
  comment on table webhook_deliveries is 'One event to one endpoint, each sent by the workflow webhookDelivery-<id>. status, reason: of the last attempt, never what was answered; handed_at: when the engine was last asked to begin; requested_by: of a replay or test.';
`;

const events = `
  create function emit_platform_event(event_type text, event_data jsonb) returns void language sql as $$
    with wanted as (
      select id from webhook_endpoints where disabled_at is null and event_type = any (event_types)
    ), event as (
      insert into platform_events (type, data) select event_type, event_data where exists (select from wanted)
      returning id
    )
    insert into webhook_deliveries (event_id, endpoint_id) select event.id, wanted.id from event, wanted
  $$;

  create function tell_of_registration() returns trigger language plpgsql as $$
  declare
    told jsonb := jsonb_build_object('reference', new.reference, 'kind', new.kind, 'state', new.state,
      'startedAt', to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
  begin
    if not exists (select from webhook_endpoints where disabled_at is null) then return null; end if;
    if tg_op = 'INSERT' then
      perform emit_platform_event('registration.started', told);
      return null;
    end if;
    if old.proven_at is null and new.proven_at is not null then
      perform emit_platform_event('registration.verified', told);
    end if;
    if new.state = old.state then return null; end if;
    case
      when new.state = 'completed' then
        perform emit_platform_event('registration.completed', told || coalesce((
          select jsonb_build_object('userId', id, 'customerId', customer_id, 'partnerId', partner_id)
            from users where registration_id = new.id), '{}'));
      when new.state = 'expired' then perform emit_platform_event('registration.expired', told);
      when new.state in ('cancelled', 'declined', 'alreadyRegistered') then
        perform emit_platform_event('registration.cancelled', told);
      when new.state = 'lookupParked' and (
          select count(*) = 1 from registration_events
            where registration_id = new.id and to_state = 'lookupParked' and from_state <> 'lookupParked') then
        perform emit_platform_event('registration.lookupParked', told);
      else null;
    end case;
    return null;
  end $$;
  comment on function tell_of_registration is 'A lookup that is parked again and again by its retries is told once.';
  create trigger registrations_told after insert on registrations
    for each row execute function tell_of_registration();
  create trigger registrations_changes_told after update on registrations
    for each row when (old.state <> new.state or (old.proven_at is null and new.proven_at is not null))
    execute function tell_of_registration();

  create function tell_of_user() returns trigger language plpgsql as $$
  declare
    row_now users := case when tg_op = 'DELETE' then old else new end;
    told jsonb := jsonb_build_object('userId', row_now.id, 'customerId', row_now.customer_id,
      'partnerId', row_now.partner_id);
    changed jsonb;
  begin
    if not exists (select from webhook_endpoints where disabled_at is null) then return null; end if;
    if tg_op <> 'UPDATE' then
      perform emit_platform_event(case tg_op when 'INSERT' then 'user.created' else 'user.deleted' end, told);
      return null;
    end if;
    select jsonb_agg(now.key order by now.key) into changed
      from jsonb_each(user_facts(to_jsonb(new))) now join jsonb_each(user_facts(to_jsonb(old))) was using (key)
      where now.value <> was.value;
    if changed is not null then
      perform emit_platform_event('user.changed', told || jsonb_build_object('changed', changed));
    end if;
    if (new.disabled_at is null) <> (old.disabled_at is null) then
      perform emit_platform_event(
        case when new.disabled_at is null then 'user.enabled' else 'user.disabled' end, told);
    end if;
    return null;
  end $$;
  create trigger users_told after insert or update or delete on users
    for each row execute function tell_of_user();
`;

async function up(knex: Knex): Promise<void> {
  await knex.raw(tables);
  await knex.raw(events);
}

async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger users_told on users;
    drop trigger registrations_changes_told on registrations;
    drop trigger registrations_told on registrations;
    drop function tell_of_user, tell_of_registration, emit_platform_event;
    drop table webhook_deliveries, platform_events, webhook_endpoints;
  `);
}

/** Events for the host platform, and where they are sent. */
export const webhooks: Knex.Migration = { up, down };
