-- name: migrations_made
select count(*) as made from sqlite_schema where type = 'table' and name = 'migration';
