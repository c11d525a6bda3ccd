-- all_class_scores: rows by class and cell of the class's score, over all chunks.
-- inputs:
--   {{ class_scores }}: chunk_number bigint, class_number integer, fold integer, is_positive boolean, cell double, row_count bigint, score_sum double
--   {{ is_exact }}: given where every distinct score is a cell of its own
-- grain: class_number, fold, is_positive, cell
-- output:
--   class_number integer
--   fold integer         -- -1 outside the reference
--   is_positive boolean  -- NULL without a label
--   cell double
--   row_count bigint
--   score_sum double
select
    class_number
    , fold
    , is_positive
    , cell
    , cast(sum(row_count) as bigint) as row_count
    , {% if is_exact %}cell * cast(sum(row_count) as double){% else %}sum(score_sum){% endif %} as score_sum
from {{ class_scores }}
group by class_number, fold, is_positive, cell
