-- results: every value with its chunk, band, thresholds and alert.
-- A value outside its thresholds alerts, equality does not; what could not be computed has no answer.
-- inputs:
--   {{ values }}: chunk_number bigint, segment_column varchar, segment_value varchar, family varchar, metric varchar, column_name varchar, component varchar, value double, standard_error double, noise_floor double, p_value double, row_count bigint, unused_count bigint, note varchar
--   {{ chunks }}: chunk_number bigint, period varchar, chunk varchar, chunk_start timestamp, chunk_end timestamp, is_partial boolean
--   {{ thresholds }}: family varchar, metric varchar, column_name varchar, component varchar, segment_column varchar, segment_value varchar, kind varchar, lower_threshold double, upper_threshold double, chunk_count bigint
--   {{ rules }}: family varchar, metric varchar, column_name varchar, scope integer, lower_limit double, upper_limit double
--   {{ monitor }}, {{ fit_id }}, {{ minimum_coverage }}, {{ maturity }}: as the user named them
--   {{ chunk_length }}, {{ compared_with }}: which longer chunks or windows, and which other reference; empty for the monitor's own
-- grain: period, chunk, segment_column, segment_value, family, metric, column_name, component
-- output:
--   monitor varchar
--   fit_id varchar
--   period varchar
--   chunk varchar
--   chunk_start timestamp
--   chunk_end timestamp
--   is_partial boolean
--   segment_column varchar
--   segment_value varchar
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double
--   standard_error double
--   lower_bound double
--   upper_bound double
--   noise_floor double
--   p_value double
--   lower_threshold double
--   upper_threshold double
--   is_alert boolean
--   row_count bigint
--   unused_count bigint
--   note varchar
--   chunk_length varchar
--   compared_with varchar
select
    {{ monitor }} as monitor
    , {{ fit_id }} as fit_id
    , chunks.period
    , chunks.chunk
    , chunks.chunk_start
    , chunks.chunk_end
    , chunks.is_partial or (
        metric_values.family = 'realized' and (
            metric_values.row_count < {{ minimum_coverage }} * (metric_values.row_count + metric_values.unused_count)
            {% if maturity %}or chunks.chunk_end + {{ maturity }} > cast(current_timestamp as timestamp){% endif %}
        )
    ) as is_partial
    , metric_values.segment_column
    , metric_values.segment_value
    , metric_values.family
    , metric_values.metric
    , metric_values.column_name
    , metric_values.component
    , metric_values.value
    , metric_values.standard_error
    , case
        when metric_values.value - 3 * metric_values.standard_error < rules.lower_limit then rules.lower_limit
        else metric_values.value - 3 * metric_values.standard_error
    end as lower_bound
    , case
        when metric_values.value + 3 * metric_values.standard_error > rules.upper_limit then rules.upper_limit
        else metric_values.value + 3 * metric_values.standard_error
    end as upper_bound
    , metric_values.noise_floor
    , metric_values.p_value
    , thresholds.lower_threshold
    , thresholds.upper_threshold
    , case
        when metric_values.value is null then null
        when thresholds.kind = 'p_value' then metric_values.p_value < 0.05
        when thresholds.kind = 'standard_deviation' and thresholds.chunk_count < 2 then null
        else coalesce(metric_values.value < thresholds.lower_threshold, false)
          or coalesce(metric_values.value > thresholds.upper_threshold, false)
    end as is_alert
    , metric_values.row_count
    , metric_values.unused_count
    , coalesce(
        case when metric_values.value is null then metric_values.note end
        , case when thresholds.kind = 'standard_deviation' and thresholds.chunk_count < 2 then 'fewer than two whole reference chunks to fit a threshold on' || coalesce('; ' || metric_values.note, '') end
        , metric_values.note
    ) as note
    , {{ chunk_length }} as chunk_length
    , {{ compared_with }} as compared_with
from {{ values }} as metric_values
inner join {{ chunks }} as chunks on metric_values.chunk_number = chunks.chunk_number
left join {{ rules }} as rules
    on metric_values.family = rules.family
    and metric_values.metric = rules.metric
    and metric_values.column_name = rules.column_name
    and rules.scope = 0
left join {{ thresholds }} as thresholds
    on metric_values.family = thresholds.family
    and metric_values.metric = thresholds.metric
    and metric_values.column_name = thresholds.column_name
    and metric_values.component = thresholds.component
    and metric_values.segment_column = thresholds.segment_column
    and metric_values.segment_value = thresholds.segment_value
