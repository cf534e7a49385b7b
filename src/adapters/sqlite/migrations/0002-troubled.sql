-- What a subscription's owner was last told of its streak, in percent of the number at which it is switched off.
alter table subscription add column told_percent integer not null default 0;

-- Few of many: asked for at every start and by whoever looks at warnings.
create index subscription_troubled on subscription (tenant, id)
  where deleted_ms is null and (consecutive_failures > 0 or state = 'disabled');
