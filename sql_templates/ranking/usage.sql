-- usage: how many rows of every chunk the ranking metrics use.
-- inputs:
--   {{ outcomes }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, cell double, row_count bigint, positives double, negatives double
-- grain: family, chunk_number, segment_column, segment_value, component
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   component varchar
--   row_count bigint
--   unused_count bigint
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , component
    , cast(sum(case when cell is not null and positives is not null then row_count else 0 end) as bigint) as row_count
    , cast(sum(case when cell is not null and positives is not null then 0 else row_count end) as bigint) as unused_count
from {{ outcomes }}
group by family, chunk_number, segment_column, segment_value, component
