-- sample: what up to 20,000 rows of the reference say before all of it is measured.
-- Placing cells needs quantiles, and a tenth of a large reference places as well as all of it. Moments are
-- taken around a rough middle, so that nothing cancels where values are large and close to each other.
-- inputs:
--   {{ rows }}: chunk_number bigint, fold integer, value_0 double
--   {{ columns }}: index of every numeric column
-- grain: one row
-- output:
--   sample_row_count bigint
--   center_0 double
select
    count(*) as sample_row_count
    {% for column in columns %}
    , coalesce(avg(case when abs(value_{{ column.index }}) <= 1e100 then value_{{ column.index }} end), 0) as center_{{ column.index }}
    {% endfor %}
from (
    select *
    from {{ rows }} as source_rows
    where fold = 0
    limit 20000
) as tenth
