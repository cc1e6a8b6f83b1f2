-- Where the log of sales begins and how far numbering has come.
select coalesce((select min(k.position) from sales_log k), s.last_position + 1), s.last_position
  from sales_stream s
