-- The publication that every node's change stream names. It has no tables: what nodes read are the
-- messages of write_sales().

create publication usher_feed;
