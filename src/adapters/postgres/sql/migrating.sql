-- PostgreSQL alone: several nodes may start at once, beside others that are at work.

-- name: try_lock_migrations
-- Of the session, and so of one node, however many transactions it takes. Asked for again and again: a statement that
-- waits for it would hold a snapshot all the time. null: there is no schema.
select pg_try_advisory_lock(:space::int, hashtext(current_schema())) as locked;

-- name: unlock_migrations
select pg_advisory_unlock(:space::int, hashtext(current_schema()));

-- name: bound_waiting
-- Whoever wants a table for itself stops all that come after it, also while it waits. So it waits for a moment only.
select set_config('lock_timeout', :lock_ms::int::text, true), set_config('statement_timeout', :statement_ms::int::text, true);
