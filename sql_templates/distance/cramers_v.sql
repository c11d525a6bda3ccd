-- cramers_v: how strongly a level tells the chunk from the reference, whatever the number of rows.
-- formula: with f = chi-square without Yates' correction / N, d = K - 1 and N = n + m:
-- sqrt(max(0, f - d/(N-1)) / min(1 - 1/(N-1), d - d^2/(N-1))); in [0, 1], 0 where there is one level;
-- NULL when either side has no rows. Rows of the reference are many, so it is small even where all change
-- source: Bergsma 2013. noise floor: E sqrt(max(0, X - d)) / sqrt(N min(...)), X chi-square with d degrees:
-- 0.41108 (2d)^(1/4), the mean of the positive root of a normal, times 1 - 1/(4 sqrt(d)) - 1/(20d), within 1 %
-- inputs:
--   {{ contingency }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, chunk_total bigint, reference_total bigint, missing_count bigint, degrees bigint, statistic double, uncorrected_statistic double, variance double
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with scaled as (
    select
        contingency.*
        , cast(chunk_total + reference_total as double) as n
        , cast(degrees as double) as d
        , least(
            1 - 1e0 / nullif(chunk_total + reference_total - 1, 0)
            , degrees - cast(degrees as double) * degrees / nullif(chunk_total + reference_total - 1, 0)
        ) as most
    from {{ contingency }} as contingency
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , 'cramers_v' as metric
    , column_name
    , '' as component
    , case
        when uncorrected_statistic is null then null
        when degrees > 0 and most > 0 then least(sqrt(greatest(uncorrected_statistic / n - d / (n - 1), 0) / most), 1e0)
        else 0e0
    end as value
    , cast(null as double) as standard_error
    , case
        when uncorrected_statistic is null then null
        when degrees > 0 and most > 0 then 0.41108e0 * sqrt(sqrt(2 * d)) * (1 - 0.25e0 / sqrt(d) - 0.05e0 / d) / sqrt(n * most)
        else 0e0
    end as noise_floor
    , cast(null as double) as p_value
    , chunk_total as row_count
    , missing_count as unused_count
    , case when reference_total = 0 then 'the reference has no values' when chunk_total = 0 then 'no values' end as note
from scaled
