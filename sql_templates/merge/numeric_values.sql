-- numeric_values: the distinct values of merged chunks.
-- inputs:
--   {{ numeric_values }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_index integer, value double, row_count bigint
--   {{ members }}: chunk_number bigint, merged_number bigint, pair varchar
-- grain: chunk_number, segment_column, segment_value, column_index, value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_index integer
--   value double
--   row_count bigint
select
    members.merged_number as chunk_number
    , counts.segment_column
    , members.pair || counts.segment_value as segment_value
    , counts.column_index
    , counts.value
    , cast(sum(counts.row_count) as bigint) as row_count
from {{ numeric_values }} as counts
inner join {{ members }} as members on counts.chunk_number = members.chunk_number
group by 1, 2, 3, 4, 5
order by chunk_number, column_index, value, segment_column, segment_value
