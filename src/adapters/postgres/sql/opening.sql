-- PostgreSQL alone: which server it is was chosen by somebody else.

-- name: server
select current_setting('server_version_num')::int as version, current_setting('server_version') as shown,
  getdatabaseencoding() as encoding, current_schema() as schema;
