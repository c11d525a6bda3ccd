-- class_score_histograms: the counts behind every estimate of several classes, as the store keeps them.
-- inputs:
--   {{ class_scores }}: chunk_number bigint, class_number integer, fold integer, is_positive boolean, cell double, row_count bigint, score_sum double
--   {{ class_name }}: the class's name, by its number
-- grain: chunk_number, class, fold, actual_label, cell
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   class varchar        -- whose score it is
--   predicted_label varchar
--   actual_label varchar -- the class, (other) for any other label, NULL without one
--   fold integer
--   cell double
--   row_count bigint
--   score_sum double
select
    chunk_number
    , '' as segment_column
    , '' as segment_value
    , {{ class_name }} as class
    , cast(null as varchar) as predicted_label
    , case when is_positive then {{ class_name }} when not is_positive then '(other)' end as actual_label
    , fold
    , cell
    , row_count
    , score_sum
from {{ class_scores }}
