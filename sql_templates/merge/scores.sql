-- scores: the score cells of merged chunks.
-- inputs:
--   {{ scores }}: chunk_number bigint, segment_column varchar, segment_value varchar, predicted_label varchar, actual_label varchar, fold integer, cell double, row_count bigint, score_sum double
--   {{ members }}: chunk_number bigint, merged_number bigint, pair varchar
-- grain: chunk_number, segment_column, segment_value, predicted_label, actual_label, fold, cell
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   predicted_label varchar
--   actual_label varchar
--   fold integer
--   cell double
--   row_count bigint
--   score_sum double
select
    members.merged_number as chunk_number
    , counts.segment_column
    , members.pair || counts.segment_value as segment_value
    , counts.predicted_label
    , counts.actual_label
    , counts.fold
    , counts.cell
    , cast(sum(counts.row_count) as bigint) as row_count
    , sum(counts.score_sum) as score_sum
from {{ scores }} as counts
inner join {{ members }} as members on counts.chunk_number = members.chunk_number
group by 1, 2, 3, 4, 5, 6, 7
order by chunk_number, segment_column, segment_value, cell, fold, predicted_label, actual_label
