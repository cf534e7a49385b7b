-- PostgreSQL alone: here several processes seal, and each must be able to open what another one sealed.

-- name: lock_sealing_keys
-- Of two processes that begin with a key of their own, the second must see that of the first.
lock table sealing_key in share row exclusive mode;

-- name: sealing_keys
select id from sealing_key order by noted_ms, id;

-- name: note_sealing_key
insert into sealing_key (id, noted_ms) values (:id::text, engine_ms(:clock_offset_ms::bigint))
on conflict (id) do nothing;
