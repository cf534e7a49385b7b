-- redelivery_of: the receipt of the same message that a person had sent again. proof: sealed headers of a rejected
-- request. revision: how often it was worked through again.
alter table receipt add column redelivery_of blob;
alter table receipt add column remote_address text;
alter table receipt add column proof blob;
alter table receipt add column revision integer not null default 0;

-- What a paused source holds, in the order in which it is worked through.
create index receipt_held on receipt (source_id, received_ms, id) where outcome = 'held';
-- Rejected requests go with their age, whichever source they came to.
create index receipt_rejected_age on receipt (received_ms) where outcome = 'rejected';
