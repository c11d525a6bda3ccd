-- sums: what every metric of a regression is computed from, in one scan of predictions and targets.
-- error = prediction - target; log_error = ln(1 + prediction) - ln(1 + target). A row without a prediction
-- or a target is unused. Values beyond 1e75 count as infinite, so that fourth powers stay finite.
-- Rows by delay of their target stand beside the sums: a cell of delays is 1 % of (one minute + the delay).
-- inputs:
--   {{ rows }}: chunk_number bigint, segment_0 varchar, prediction double, target double, label_delay double
--   {{ segments }}: index and name of every segment column
--   {{ has_delays }}: given where label_delay is to be counted: seconds from prediction to target, NULL without one
-- grain: chunk_number, segment_column, segment_value, delay_cell
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   row_count bigint
--   unused_count bigint
--   infinite_count bigint
--   zero_count bigint
--   negative_count bigint
--   n double
--   absolute_sum double
--   error_sum double
--   squared_sum double
--   fourth_sum double
--   relative_sum double
--   relative_squared_sum double
--   log_squared_sum double
--   log_fourth_sum double
--   target_mean double
--   target_deviation double
--   target_second double
--   target_third double
--   target_fourth double
--   squared_target_sum double
--   squared_target_square_sum double
--   all_count bigint
--   label_count bigint
--   delay_cell double    -- NULL in rows of sums; in those by delay 1e9 where there is no target, or no time
select
    chunk_number
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then {{ segment.name }} {% endfor %}else '' end{% else %}''{% endif %} as segment_column
    , {% if segments %}case {% for segment in segments %}when grouping(segment_{{ segment.index }}) = 0 then coalesce(segment_{{ segment.index }}, '(missing)') {% endfor %}else '' end{% else %}''{% endif %} as segment_value
    , count(error) as row_count
    , cast(sum(is_missing) as bigint) as unused_count
    , cast(sum(1 - is_missing) as bigint) - count(error) as infinite_count
    , count(error) - count(relative_error) as zero_count
    , count(error) - count(log_error) as negative_count
    , cast(count(error) as double) as n
    , sum(abs(error)) as absolute_sum
    , sum(error) as error_sum
    , sum(error * error) as squared_sum
    , sum(error * error * error * error) as fourth_sum
    , sum(relative_error) as relative_sum
    , sum(relative_error * relative_error) as relative_squared_sum
    , sum(log_error * log_error) as log_squared_sum
    , sum(log_error * log_error * log_error * log_error) as log_fourth_sum
    , avg(target) as target_mean
    , stddev_pop(target) as target_deviation
    , avg(target * target) as target_second
    , avg(target * target * target) as target_third
    , avg(target * target * target * target) as target_fourth
    , sum(error * error * target) as squared_target_sum
    , sum(error * error * target * target) as squared_target_square_sum
    , count(*) as all_count
    , cast(sum(is_labelled) as bigint) as label_count
    , {% if has_delays %}delay_cell{% else %}cast(null as double){% endif %} as delay_cell
from (
    select
        chunk_number
        {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
        , is_missing
        , is_labelled
        {% if has_delays %}
        , case
            when label_delay >= 0 then floor(ln(1 + label_delay / 60) * 100)
            when label_delay < 0 then -1 - floor(ln(1 - label_delay / 60) * 100)
            else 1e9
        end as delay_cell
        {% endif %}
        , target
        , prediction - target as error
        , case when target <> 0 and abs(prediction - target) <= 1e70 * abs(target) then abs((prediction - target) / target) end as relative_error
        , case when target >= 0 and prediction >= 0 then ln(1 + prediction) - ln(1 + target) end as log_error
    from (
        select
            chunk_number
            {% for segment in segments %}, segment_{{ segment.index }}{% endfor %}
            , case when prediction is null or target is null or isnan(prediction) or isnan(target) then 1 else 0 end as is_missing
            , case when target is null or isnan(target) then 0 else 1 end as is_labelled
            {% if has_delays %}, label_delay{% endif %}
            , case when abs(prediction) <= 1e75 and abs(target) <= 1e75 then prediction end as prediction
            , case when abs(prediction) <= 1e75 and abs(target) <= 1e75 then target end as target
        from {{ rows }} as source_rows
        where chunk_number >= 0
    ) as finite
) as measured
group by grouping sets (
    (chunk_number)
    {% for segment in segments %}, (chunk_number, segment_{{ segment.index }}){% endfor %}
    {% if has_delays %}
    , (chunk_number, delay_cell)
    {% for segment in segments %}, (chunk_number, delay_cell, segment_{{ segment.index }}){% endfor %}
    {% endif %}
)
