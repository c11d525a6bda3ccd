-- coarse_cells: the stored histogram of every numeric column: whole cells, whatever parts they were counted in.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, coarse_edge double, row_count bigint, value_sum double
-- grain: chunk_number, segment_column, segment_value, column_name, bin, lower_edge
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bin bigint
--   lower_edge double
--   row_count bigint
--   value_sum double
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , bin
    , coarse_edge as lower_edge
    , cast(sum(row_count) as bigint) as row_count
    , sum(value_sum) as value_sum
from {{ numeric }}
group by chunk_number, segment_column, segment_value, column_name, bin, coarse_edge
