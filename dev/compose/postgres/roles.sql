-- Run by roles.sh. The server logs statements that fail: none of these shows a password, should it fail.
\getenv temporal_password TEMPORAL_DB_PASSWORD
\getenv owner_password VESTIBULE_OWNER_PASSWORD
\getenv app_password VESTIBULE_APP_PASSWORD
set log_min_error_statement = panic;
-- The role may exist: its password is set all the same.
select format('create role %I login', name)
from unnest(array['temporal', 'vestibule_owner', 'vestibule_app']) as name
where not exists (select from pg_roles where rolname = name) \gexec
alter role temporal password :'temporal_password';
alter role vestibule_owner password :'owner_password';
alter role vestibule_app password :'app_password';

select format('create database %I owner %I', name, owner)
from (values ('vestibule', 'vestibule_owner'), ('temporal', 'temporal'), ('temporal_visibility', 'temporal')) as wanted (name, owner)
where not exists (select from pg_database where datname = name) \gexec

-- Each role sees its own databases only. PUBLIC could otherwise connect everywhere and make temporary tables.
revoke all on database postgres, vestibule, temporal, temporal_visibility from public;
grant connect on database vestibule to vestibule_app;

-- The runtime role works with rows; what it may not do even with those (change the audit log), migrations take away.
\connect vestibule
grant usage on schema public to vestibule_app;
alter default privileges for role vestibule_owner in schema public grant select, insert, update, delete on tables to vestibule_app;
alter default privileges for role vestibule_owner in schema public grant usage, select on sequences to vestibule_app;
