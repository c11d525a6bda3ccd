-- labelled_class_scores: labelled reference rows by class, fold and cell of the class's score.
-- inputs:
--   {{ class_scores }}: class_number integer, fold integer, is_positive boolean, cell double, row_count bigint, score_sum double
-- grain: class_number, fold, cell
-- output:
--   class_number integer
--   fold integer
--   cell double
--   row_count bigint
--   positive_count bigint
--   score_sum double
select
    class_number
    , fold
    , cell
    , cast(sum(row_count) as bigint) as row_count
    , cast(sum(case when is_positive then row_count else 0 end) as bigint) as positive_count
    , sum(score_sum) as score_sum
from {{ class_scores }}
where fold >= 0 and is_positive is not null
group by class_number, fold, cell
