-- overall: the cells of all classes in one: a row is right, or it is not.
-- Shares of right rows are then the same formulas as those of one class.
-- inputs:
--   {{ confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, true_positive double, false_positive double, false_negative double, true_negative double, used double, row_count bigint, unused_count bigint
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   component varchar
--   true_positive double
--   false_positive double
--   false_negative double
--   true_negative double
--   used double
--   row_count bigint
--   unused_count bigint
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , '' as component
    , sum(true_positive) as true_positive
    , max(used) - sum(true_positive) as false_positive
    , 0e0 as false_negative
    , 0e0 as true_negative
    , max(used) as used
    , max(row_count) as row_count
    , max(unused_count) as unused_count
from {{ confusion }}
group by family, chunk_number, segment_column, segment_value
