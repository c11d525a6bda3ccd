-- macro_brier: mean over the classes of the Brier score, each class against all others.
-- A row's loss is its squared distance from the corner of its class, by the number of classes.
-- standard error: standard deviation of the rows' losses / sqrt(n), which a row's distances give as they are.
-- source: Brier 1950, "Verification of forecasts expressed in terms of probability"
-- inputs:
--   {{ by_class }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, metric varchar, value double
--   {{ class_outcomes }}: chunk_number bigint, segment_column varchar, segment_value varchar, class_number integer, is_positive boolean, is_by_cell boolean, is_scored boolean, row_count bigint, expected_square double, realized_square double
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   component varchar
--   value double         -- in [0, 1]
--   standard_error double
--   note varchar         -- why there is no value, where there are rows
with averages as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , metric
        , avg(value) as value
        , cast(count(*) as double) as class_count
    from {{ by_class }}
    group by family, chunk_number, segment_column, segment_value, metric
), squares as (
    select
        chunk_number
        , segment_column
        , segment_value
        , sum(expected_square) as expected_square
        , sum(realized_square) as realized_square
        , sum(case when is_positive is null then expected_square else realized_square end) as blended_square
        , cast(sum(case when class_number = 0 then row_count else 0 end) as double) as expected_count
        , cast(sum(case when class_number = 0 and is_positive is not null then row_count else 0 end) as double) as realized_count
    from {{ class_outcomes }}
    where not is_by_cell and is_scored
    group by chunk_number, segment_column, segment_value
), spread as (
    select
        averages.*
        , case averages.family
            when 'realized' then squares.realized_square / nullif(squares.realized_count, 0)
            when 'blended' then squares.blended_square / nullif(squares.expected_count, 0)
            else squares.expected_square / nullif(squares.expected_count, 0)
        end / (averages.class_count * averages.class_count) as mean_square
        , nullif(case when averages.family = 'realized' then squares.realized_count else squares.expected_count end, 0) as n
    from averages
    left join squares
        on averages.chunk_number = squares.chunk_number
        and averages.segment_column = squares.segment_column
        and averages.segment_value = squares.segment_value
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , metric
    , '' as component
    , value
    , sqrt(greatest(mean_square - value * value, 0) / n) as standard_error
    , cast(null as varchar) as note
from spread
