-- sample: what 20,000 rows of the reference say before all of it is measured, and how much of it to sort.
-- Placing cells needs quantiles, and a part of a large reference, 200,000 rows or more, places as well as all of it. Moments are
-- taken around a rough middle, so that nothing cancels where values are large and close to each other.
-- inputs:
--   {{ rows }}: chunk_number bigint, place bigint, value_0 double
--   {{ columns }}: index of every numeric column
-- grain: one row
-- output:
--   sampled_places integer   -- of 1000, the places whose rows give quantiles
--   center_0 double
select
    case when count(*) < 20000 then 1000 else 40 end as sampled_places
    {% for column in columns %}
    , coalesce(avg(case when abs(value_{{ column.index }}) <= 1e100 then value_{{ column.index }} end), 0) as center_{{ column.index }}
    {% endfor %}
from (
    select *
    from {{ rows }} as source_rows
    where place < 100
    limit 20000
) as tenth
