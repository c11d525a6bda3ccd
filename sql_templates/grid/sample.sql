-- sample: what 20,000 rows of the reference say before all of it is measured, and how much of it to sort.
-- Placing cells needs quantiles, and 25,000 rows of a large reference place as well as all of it. Moments are
-- taken around a rough middle, so that nothing cancels where values are large and close to each other.
-- inputs:
--   {{ rows }}: chunk_number bigint, place bigint, value_0 double
--   {{ chunk_counts }}: chunk_number bigint, segment_column varchar, row_count bigint
--   {{ columns }}: index of every numeric column
-- grain: one row
-- output:
--   sampled_places double   -- of 1000: rows whose quantiles are taken
--   center_0 double
select
    max(sampled_places) as sampled_places
    {% for column in columns %}
    , coalesce(avg(case when abs(value_{{ column.index }}) <= 1e100 then value_{{ column.index }} end), 0) as center_{{ column.index }}
    {% endfor %}
from (
    select 25000000e0 / greatest(sum(row_count), 1) as sampled_places
    from {{ chunk_counts }}
    where chunk_number % 2 = 1 and segment_column = ''
) as counted
left join (
    select *
    from {{ rows }} as source_rows
    where place < 100
    limit 20000
) as tenth on true
