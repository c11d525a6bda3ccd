-- numeric_cells: the parts of cells of merged chunks; sums of whole steps, so they are those of one scan.
-- inputs:
--   {{ numeric_cells }}: chunk_number bigint, segment_column varchar, segment_value varchar, part bigint, row_count bigint, step_sum double, fine_sum double, fine_square_sum double, lowest_step double, highest_step double
--   {{ members }}: chunk_number bigint, merged_number bigint, pair varchar
-- grain: chunk_number, segment_column, segment_value, part
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   part bigint
--   row_count bigint
--   step_sum double
--   fine_sum double
--   fine_square_sum double
--   lowest_step double
--   highest_step double
select
    members.merged_number as chunk_number
    , counts.segment_column
    , members.pair || counts.segment_value as segment_value
    , counts.part
    , cast(sum(counts.row_count) as bigint) as row_count
    , sum(counts.step_sum) as step_sum
    , sum(counts.fine_sum) as fine_sum
    , sum(counts.fine_square_sum) as fine_square_sum
    , min(counts.lowest_step) as lowest_step
    , max(counts.highest_step) as highest_step
from {{ numeric_cells }} as counts
inner join {{ members }} as members on counts.chunk_number = members.chunk_number
group by 1, 2, 3, 4
order by chunk_number, part, segment_column, segment_value
