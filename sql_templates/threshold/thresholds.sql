-- thresholds: limits of every value, fitted on whole reference chunks; estimates take the realized ones.
-- formula: constant, or mean -/+ multiple * population standard deviation, within the metric's range
-- inputs:
--   {{ values }}: chunk_number bigint, segment_column varchar, segment_value varchar, family varchar, metric varchar, column_name varchar, component varchar, value double
--   {{ chunks }}: chunk_number bigint, period varchar, is_partial boolean
--   {{ rules }}: family varchar, metric varchar, column_name varchar, scope integer, segment_column varchar, segment_value varchar, kind varchar, lower_value double, upper_value double, lower_limit double, upper_limit double
--   {{ chunk_length }}, {{ compared_with }}: which longer chunks or windows, and which other reference; empty for the monitor's own
-- grain: family, metric, column_name, component, segment_column, segment_value
-- output:
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   segment_column varchar
--   segment_value varchar
--   kind varchar
--   lower_threshold double
--   upper_threshold double
--   chunk_count bigint
--   chunk_length varchar
--   compared_with varchar
with measured as (
    select
        metric_values.family
        , metric_values.metric
        , metric_values.column_name
        , metric_values.component
        , metric_values.segment_column
        , metric_values.segment_value
        , count(metric_values.value) as chunk_count
        , case when min(metric_values.value) = max(metric_values.value) then min(metric_values.value) else avg(metric_values.value) end as mean
        , case when min(metric_values.value) = max(metric_values.value) then 0 else stddev_pop(metric_values.value) end as deviation
    from {{ values }} as metric_values
    inner join {{ chunks }} as chunks on metric_values.chunk_number = chunks.chunk_number
    where chunks.period = 'reference' and not chunks.is_partial
    group by
        metric_values.family
        , metric_values.metric
        , metric_values.column_name
        , metric_values.component
        , metric_values.segment_column
        , metric_values.segment_value
), series as (
    select distinct family, metric, column_name, component, segment_column, segment_value
    from {{ values }}
), candidates as (
    select
        series.*
        , rules.kind
        , rules.lower_value
        , rules.upper_value
        , rules.lower_limit
        , rules.upper_limit
        , row_number() over (
            partition by series.family, series.metric, series.column_name, series.component, series.segment_column, series.segment_value
            order by rules.scope desc
        ) as position
    from series
    inner join {{ rules }} as rules
        on series.family = rules.family
        and series.metric = rules.metric
        and series.column_name = rules.column_name
        and (rules.scope = 0 or series.segment_column = rules.segment_column)
        and (rules.scope < 2 or series.segment_value = rules.segment_value)
), limits as (
    select
        series.*
        , coalesce(measured.chunk_count, 0) as chunk_count
        , case
            when series.kind = 'constant' then series.lower_value
            when measured.chunk_count >= 2 then measured.mean - series.lower_value * measured.deviation
        end as lower_threshold
        , case
            when series.kind = 'constant' then series.upper_value
            when measured.chunk_count >= 2 then measured.mean + series.upper_value * measured.deviation
        end as upper_threshold
    from candidates as series
    left join measured
        on case when series.family = 'estimated' then 'realized' else series.family end = measured.family
        and series.metric = measured.metric
        and series.column_name = measured.column_name
        and series.component = measured.component
        and series.segment_column = measured.segment_column
        and series.segment_value = measured.segment_value
    where series.position = 1
)
select
    family
    , metric
    , column_name
    , component
    , segment_column
    , segment_value
    , kind
    , case when kind <> 'constant' and lower_threshold < lower_limit then lower_limit else lower_threshold end as lower_threshold
    , case when kind <> 'constant' and upper_threshold > upper_limit then upper_limit else upper_threshold end as upper_threshold
    , chunk_count
    , {{ chunk_length }} as chunk_length
    , {{ compared_with }} as compared_with
from limits
