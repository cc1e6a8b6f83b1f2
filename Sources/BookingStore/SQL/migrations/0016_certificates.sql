-- Keys that have a client certificate for a secret, and what keys may ask of a node.

alter table api_key
  drop constraint api_key_pkey,
  drop constraint api_key_key_id_key,
  add primary key (key_id),
  alter column key_hash drop not null,
  add unique (key_hash),
  -- By what the certificate is known: `sha256:…`, `uri:…` or `dns:…`; empty for a key with a secret.
  add column certificate text not null default ''
    check (certificate ~ '^((sha256:[0-9a-f]{64})|((uri|dns):[!-~]+))?$' and length(certificate) <= 504),
  add constraint api_key_secret check ((key_hash is null) = (certificate <> '')),
  -- Calls in a second, on each node, of those that sell and of those that report and manage; null
  -- for what the node allows everybody.
  add column selling_per_second integer check (selling_per_second between 1 and 1000000),
  add column reporting_per_second integer check (reporting_per_second between 1 and 1000000);
-- A certificate stands for one key at a time.
create unique index api_key_by_certificate on api_key (certificate)
  where certificate <> '' and revoked_at is null;
create index api_key_of_certificate on api_key (certificate) where certificate <> '';
