-- sample: what a tenth of the reference, 20,000 rows at most, says before all of it is measured.
-- Placing cells needs quantiles; of 200,000 rows or more, a part places as well as all of it. Moments are taken
-- around a rough middle, so that nothing cancels where values are large and close to each other.
-- Where rows are few, cells are cut into parts, lest rows of both sides that share one count as equal. The
-- reference decides: a cut that went by the analysis would change as it grows.
-- inputs:
--   {{ rows }}: chunk_number bigint, place bigint, value_0 double
--   {{ columns }}: index of every numeric column
-- grain: one row
-- output:
--   sampled_places integer   -- of 1000, the places whose rows give quantiles
--   part_count bigint        -- parts of a cell, a power of 2
--   center_0 double
select
    case when count(*) < 20000 then 1000 else 40 end as sampled_places
    , cast(case when count(*) <= 200 then 256 when count(*) <= 2000 then 64 when count(*) < 20000 then 4 else 1 end as bigint) as part_count
    {% for column in columns %}
    , coalesce(avg(case when abs(value_{{ column.index }}) <= 1e100 then value_{{ column.index }} end), 0) as center_{{ column.index }}
    {% endfor %}
from (
    select *
    from {{ rows }} as source_rows
    where place < 100
    limit 20000
) as tenth
