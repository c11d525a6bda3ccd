-- applied_classes: every cell of every class's score with its isotonic value.
-- inputs:
--   {{ class_scores }}: class_number integer, fold integer, is_positive boolean, cell double, row_count bigint, score_sum double
--   {{ interpolated }}: fit integer, score double, isotonic double
-- grain: class_number, fold, is_positive, cell
-- output:
--   class_number integer
--   fold integer
--   is_positive boolean
--   cell double
--   row_count bigint
--   position double
--   isotonic double
select
    class_scores.class_number
    , class_scores.fold
    , class_scores.is_positive
    , class_scores.cell
    , class_scores.row_count
    , class_scores.score_sum / class_scores.row_count as position
    , interpolated.isotonic
from {{ class_scores }} as class_scores
left join {{ interpolated }} as interpolated
    on class_scores.class_number * 11 + class_scores.fold + 1 = interpolated.fit
    and class_scores.score_sum / class_scores.row_count = interpolated.score
