-- applied: every score cell with its isotonic value.
-- inputs:
--   {{ scores }}: chunk_number bigint, segment_column varchar, segment_value varchar, predicted_label varchar, actual_label varchar, fold integer, cell double, row_count bigint, score_sum double, delay_cell double
--   {{ interpolated }}: fit integer, score double, isotonic double
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
--   position double
--   isotonic double
select
    scores.chunk_number
    , scores.segment_column
    , scores.segment_value
    , scores.predicted_label
    , scores.actual_label
    , scores.fold
    , scores.cell
    , scores.row_count
    , scores.score_sum / scores.row_count as position
    , interpolated.isotonic
from {{ scores }} as scores
left join {{ interpolated }} as interpolated
    on scores.fold + 1 = interpolated.fit and scores.score_sum / scores.row_count = interpolated.score
where scores.delay_cell is null
order by chunk_number, segment_column, segment_value, cell, fold, predicted_label, actual_label
