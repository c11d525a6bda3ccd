-- class_margins: rows of every true class and of every predicted class.
-- Labels that are none of the classes are class -1 on either side, and never right.
-- inputs:
--   {{ confusion }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, true_positive double, false_positive double, false_negative double, true_negative double, used double
--   {{ class_number }}: the class's number, by its name in component
-- grain: family, chunk_number, segment_column, segment_value, class_number
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   class_number integer
--   right_count double
--   true_total double
--   true_rest double     -- of all other true classes
--   predicted_total double
--   used double
with known as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , {{ class_number }} as class_number
        , true_positive as right_count
        , true_positive + false_negative as true_total
        , false_positive + true_negative as true_rest
        -- Of whole rows, whatever rounding left.
        , round(true_positive + false_positive) as predicted_total
        , used
    from {{ confusion }}
    where used > 0
)
select family, chunk_number, segment_column, segment_value, class_number, right_count, true_total, true_rest, predicted_total, used
from known
union all
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , -1 as class_number
    , 0e0 as right_count
    , round(max(used) - sum(true_total)) as true_total
    , round(sum(true_total)) as true_rest
    , round(max(used) - sum(predicted_total)) as predicted_total
    , max(used) as used
from known
group by family, chunk_number, segment_column, segment_value
