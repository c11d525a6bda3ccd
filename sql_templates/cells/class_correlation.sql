-- class_correlation: correlation of true and predicted class, and what a row of each class moves it by.
-- formula: (right * n - sum true * predicted) / sqrt(sum true (n - true) * sum predicted (n - predicted)), 0 where a factor is 0
-- source: Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient"
-- inputs:
--   {{ margins }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, class_number integer, right_count double, true_total double, true_rest double, predicted_total double, used double
-- grain: family, chunk_number, segment_column, segment_value, metric, class_number
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   class_number integer
--   value double         -- over all classes, the same beside each
--   base_slope double    -- what any row moves the value by, the same beside each
--   true_slope double    -- what a row of the class that is predicted otherwise moves it by, in addition
--   predicted_slope double -- what a row of another class that is predicted this one does
--   right_slope double   -- what a row of the class that is predicted so does
with summed as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , max(used) as n
        , sum(right_count) as right_count
        , sum(right_count) * max(used) - sum(case when class_number >= 0 then true_total * predicted_total else 0 end) as covariance
        , nullif(sum(true_total * true_rest), 0) as true_spread
        , nullif(sum(predicted_total * (used - predicted_total)), 0) as predicted_spread
    from {{ margins }}
    group by family, chunk_number, segment_column, segment_value
), placed as (
    select
        margins.family
        , margins.chunk_number
        , margins.segment_column
        , margins.segment_value
        , margins.class_number
        , summed.n
        , summed.right_count
        , sqrt(summed.true_spread * summed.predicted_spread) as scale
        , summed.covariance / sqrt(summed.true_spread * summed.predicted_spread) as correlation
        , margins.true_total / summed.true_spread as true_share
        , margins.predicted_total / summed.predicted_spread as predicted_share
        , case when margins.class_number >= 0 then margins.true_total else 0 end as known_true
        , case when margins.class_number >= 0 then margins.predicted_total else 0 end as known_predicted
        , 1 / summed.true_spread + 1 / summed.predicted_spread as lost
    from {{ margins }} as margins
    inner join summed
        on margins.family = summed.family
        and margins.chunk_number = summed.chunk_number
        and margins.segment_column = summed.segment_column
        and margins.segment_value = summed.segment_value
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , 'matthews_correlation' as metric
    , class_number
    , coalesce(correlation, 0) as value
    , right_count / scale - correlation * n * lost as base_slope
    , correlation * true_share - known_predicted / scale as true_slope
    , correlation * predicted_share - known_true / scale as predicted_slope
    , correlation * (true_share + predicted_share) - (known_predicted + known_true) / scale
    + case when class_number >= 0 then n / scale else 0 end as right_slope
from placed
