-- labelled_scores: labelled reference rows by fold and score cell.
-- inputs:
--   {{ scores }}: chunk_number bigint, segment_column varchar, predicted_label varchar, actual_label varchar, fold integer, cell double, row_count bigint, score_sum double
--   {{ positive }}: the label's positive value
-- grain: class_number, fold, cell
-- output:
--   class_number integer -- 0: there is one class to calibrate
--   fold integer
--   cell double
--   row_count bigint
--   positive_count bigint
--   score_sum double
select
    0 as class_number
    , fold
    , cell
    , cast(sum(row_count) as bigint) as row_count
    , cast(sum(case when actual_label = {{ positive }} then row_count else 0 end) as bigint) as positive_count
    , sum(score_sum) as score_sum
from {{ scores }}
where chunk_number % 2 = 1 and segment_column = '' and cell is not null and actual_label is not null
group by fold, cell
