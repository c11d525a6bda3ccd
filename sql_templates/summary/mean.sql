-- mean: mean of every numeric column, missing values left out.
-- formula: sum / n; NULL without values or with an infinite one; standard error: deviation between cells / sqrt(n)
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double
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
with means as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , cast(sum(case when bin is not null then row_count else 0 end) as bigint) as row_count
        , cast(sum(case when bin is null then row_count else 0 end) as bigint) as unused_count
        , sum(case when bin is not null then value_sum end) / nullif(sum(case when bin is not null then row_count end), 0) as mean
        , sum(case when bin is not null then value_sum * value_sum / row_count end) as squares
    from {{ numeric }}
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'summary' as family
    , 'mean' as metric
    , column_name
    , '' as component
    , case when abs(mean) <= 1.7e308 then mean end as value
    , case when abs(mean) <= 1.7e308 and abs(squares) <= 1.7e308
        then sqrt(greatest(squares / row_count - mean * mean, 0) / nullif(row_count - 1, 0)) end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , unused_count
    , case when row_count = 0 then 'no values' when not abs(mean) <= 1.7e308 then 'infinite values' end as note
from means
