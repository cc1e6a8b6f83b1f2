-- Whose a theatre is, and what keys may be used for besides selling.

-- Null: the house's own, which operators run.
alter table theatre add column partner_id bigint references partner;
create index theatre_by_partner on theatre (partner_id, name, theatre_id);

alter table api_key
  drop constraint api_key_scopes,
  add constraint api_key_scopes check (
    scopes <@ '{read,sell,manage,report,admin}'::text[] and cardinality(scopes) between 1 and 5);
