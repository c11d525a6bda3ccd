-- median: middle value of every numeric column in every chunk, the mean of the two middle ones for an even number.
-- formula: value at the middle ranks; inside a cell, ranks stand evenly between its lowest and highest value,
-- so it is exact where a cell holds one value or two, as in `resolution: exact`
-- standard error: half the distance of the values at ranks n/2 ± sqrt(n)/2, source: Woodruff 1952
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double, square_sum double, lowest_value double, highest_value double
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
with counted as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , bin
        , cast(row_count as double) as row_count
        , lowest_value
        , highest_value
        , sum(case when bin is not null then row_count else 0 end) over (partition by chunk_number, segment_column, segment_value, column_name) as total
        , sum(case when bin is null then row_count else 0 end) over (partition by chunk_number, segment_column, segment_value, column_name) as missing_count
        , sum(case when bin is not null then row_count else 0 end) over (
            partition by chunk_number, segment_column, segment_value, column_name
            order by case when bin is null then 1 else 0 end, lowest_value, lower_edge rows between unbounded preceding and current row
        ) as rank_after
    from {{ numeric }}
), asked as (
    select
        counted.*
        , floor((total + 1) / 2e0) as rank_1
        , floor(total / 2e0) + 1 as rank_2
        , greatest(floor(total / 2e0 - sqrt(total) / 2), 1) as rank_3
        , least(ceil(total / 2e0 + sqrt(total) / 2), total) as rank_4
    from counted
), found as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , max(total) as total
        , max(missing_count) as missing_count
        {% for place in range(1, 5) %}
        , max(case
            when bin is not null and rank_{{ place }} > rank_after - row_count and rank_{{ place }} <= rank_after
                then lowest_value + coalesce((rank_{{ place }} - (rank_after - row_count) - 1) / nullif(row_count - 1, 0), 0.5e0) * (highest_value - lowest_value)
        end) as value_{{ place }}
        {% endfor %}
    from asked
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'summary' as family
    , 'median' as metric
    , column_name
    , '' as component
    , case when abs(value_1 / 2 + value_2 / 2) <= 1.79e308 then value_1 / 2 + value_2 / 2 end as value
    , case when total > 1 and abs(value_4 / 2 - value_3 / 2) <= 1.79e308 then value_4 / 2 - value_3 / 2 end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , cast(total as bigint) as row_count
    , cast(missing_count as bigint) as unused_count
    , case when total = 0 then 'no values' when not abs(value_1 / 2 + value_2 / 2) <= 1.79e308 then 'infinite values' end as note
from found
