-- Another movie is another term: offers for a movie apply to its shows alone.

drop trigger show_terms on show;
create trigger show_terms
before update of sales_state, during, layout_version, currency, movie_id on show
for each row when (
  (old.sales_state, old.during, old.layout_version, old.currency, old.movie_id)
    is distinct from
  (new.sales_state, new.during, new.layout_version, new.currency, new.movie_id))
execute function raise_pricing_version();
