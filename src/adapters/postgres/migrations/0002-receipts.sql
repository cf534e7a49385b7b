-- kind: expand
-- redelivery_of: the receipt of the same message that a person had sent again. proof: sealed headers of a rejected
-- request. revision: how often it was worked through again.
alter table receipt
  add column redelivery_of uuid,
  add column remote_address text,
  add column proof bytea,
  add column revision int not null default 0;

-- Both look through the receipts there are and stop their writers meanwhile, which is short before the first release. An
-- index on a table that has grown is made partition by partition.
-- What a paused source holds, in the order in which it is worked through.
create index receipt_held on receipt (source_id, received_ms, id) where outcome = 'held';
-- Rejected requests go with their age, whichever source they came to. Only a statement that says so of its times too can
-- use this one: for those of one source, the planner would read all of it.
create index receipt_rejected_age on receipt (received_ms) where outcome = 'rejected' and received_ms >= 0;
