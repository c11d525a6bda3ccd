-- category_counts: the levels of merged chunks.
-- inputs:
--   {{ category_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_index integer, level varchar, row_count bigint
--   {{ members }}: chunk_number bigint, merged_number bigint, pair varchar
-- grain: chunk_number, segment_column, segment_value, column_index, level
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_index integer
--   level varchar
--   row_count bigint
select
    members.merged_number as chunk_number
    , counts.segment_column
    , members.pair || counts.segment_value as segment_value
    , counts.column_index
    , counts.level
    , cast(sum(counts.row_count) as bigint) as row_count
from {{ category_counts }} as counts
inner join {{ members }} as members on counts.chunk_number = members.chunk_number
group by 1, 2, 3, 4, 5
order by chunk_number, column_index, level, segment_column, segment_value
