-- moments: a plain summary of every numeric column in every chunk, as a formula over its moments.
-- inputs:
--   {{ moments }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, row_count bigint, unused_count bigint, n double, value_sum double, mean double, square_sum double, fourth_sum double, lowest_value double, highest_value double
--   {{ name }}, {{ value }}, {{ standard_error }}: the metric and its formulas
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
select
    chunk_number
    , segment_column
    , segment_value
    , 'summary' as family
    , {{ name }} as metric
    , column_name
    , '' as component
    , case when abs({{ value }}) <= 1.7e308 then {{ value }} end as value
    , case when abs({{ standard_error }}) <= 1.7e308 then {{ standard_error }} end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , unused_count
    , case
        when row_count = 0 then 'no values'
        when abs({{ value }}) <= 1.7e308 then null
        when n is null then 'infinite values'
        when n = 1 then 'one value only'
        else 'too large for a double'
    end as note
from {{ moments }}
