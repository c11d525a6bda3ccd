-- sample: what 20,000 rows of the reference say before all of it is measured, and how much of it to sort.
-- Placing cells needs quantiles, and 25,000 rows of a large reference place as well as all of it. Moments are
-- taken around a rough middle, so that nothing cancels where values are large and close to each other.
-- Where rows are few, cells are cut into parts, lest rows of both sides that share one count as equal: 1024
-- parts where reference and chunks have up to 2,000 rows each, fewer where they have more. Not where that
-- could make more than 10 million counts, and more than three times as many as a thousand cells a chunk.
-- inputs:
--   {{ rows }}: chunk_number bigint, place bigint, value_0 double
--   {{ chunk_counts }}: chunk_number bigint, segment_column varchar, row_count bigint
--   {{ columns }}: index of every numeric column
--   {{ segments }}: index and name of every segment column
-- grain: one row
-- output:
--   sampled_places double   -- of 1000: rows whose quantiles are taken
--   part_count bigint       -- parts of a cell, a power of 2
--   center_0 double
select
    max(sampled_places) as sampled_places
    , max(part_count) as part_count
    {% for column in columns %}
    , coalesce(avg(case when abs(value_{{ column.index }}) <= 1e100 then value_{{ column.index }} end), 0) as center_{{ column.index }}
    {% endfor %}
from (
    select
        25000000e0 / greatest(sum(case when chunk_number % 2 = 1 then row_count else 0 end), 1) as sampled_places
        , case
            when sum(row_count) * {{ (columns | length) * (1 + segments | length) }} > 10000000 and sum(row_count) > 3 * sum(least(row_count, 1000)) then 1
            {% for most_rows, parts in ((2000, 1024), (20000, 128), (200000, 16)) %}
            when greatest(sum(case when chunk_number % 2 = 1 then row_count else 0 end), max(row_count)) <= {{ most_rows }} then {{ parts }}
            {% endfor %}
            else 1
        end as part_count
    from {{ chunk_counts }}
    where chunk_number is not null and segment_column = ''
) as counted
left join (
    select *
    from {{ rows }} as source_rows
    where place < 100
    limit 20000
) as tenth on true
