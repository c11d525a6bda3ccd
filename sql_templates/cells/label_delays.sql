-- label_delays: how long the labels of every chunk took, in hours from prediction to label.
-- formula: the quantile of the delays of the labels that are there, by linear interpolation inside a cell of
-- delays, so within 1 % of (one minute + the delay); while labels are missing, that of those that came first.
-- inputs:
--   {{ counted }}: chunk_number bigint, segment_column varchar, segment_value varchar, delay_cell double
--   {{ all_count }}: how many rows of the source one of its rows is
--   {{ by_delay }}: the condition for those of its rows that count each row once by the delay of its label
--   {{ metrics }}: name of every metric, and the share of labels that took no longer
-- grain: family, chunk_number, segment_column, segment_value, metric
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double         -- in hours, negative where labels are older than predictions; NULL without labels
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with cells as (
    select
        chunk_number
        , segment_column
        , segment_value
        , delay_cell < 1e9 as is_known
        , cast({{ all_count }} as double) as cell_count
        , (case when delay_cell >= 0 then exp(least(delay_cell, 9999) / 100) - 1 else 1 - exp(-delay_cell / 100) end) / 60 as lower_edge
        , (case when delay_cell >= 0 then exp((least(delay_cell, 9999) + 1) / 100) - 1 else 1 - exp((-delay_cell - 1) / 100) end) / 60 as upper_edge
    from {{ counted }}
    where {{ by_delay }}
), placed as (
    select
        *
        , sum(case when is_known then cell_count else 0 end) over (partition by chunk_number, segment_column, segment_value) as total
        , sum(case when is_known then cell_count else 0 end) over (partition by chunk_number, segment_column, segment_value order by lower_edge rows between unbounded preceding and current row) as count_to
    from cells
), quantiles as (
    {% for metric in metrics %}
    {% if not loop.first %}union all{% endif %}
    select
        chunk_number
        , segment_column
        , segment_value
        , {{ metric.name }} as metric
        , max(case
            when is_known and count_to >= total * {{ metric.share }} and count_to - cell_count < total * {{ metric.share }} then
                lower_edge + (upper_edge - lower_edge) * (total * {{ metric.share }} - count_to + cell_count) / cell_count
        end) as value
        , cast(max(total) as bigint) as row_count
        , cast(sum(cell_count) - max(total) as bigint) as unused_count
    from placed
    group by chunk_number, segment_column, segment_value
    {% endfor %}
)
select
    'realized' as family
    , chunk_number
    , segment_column
    , segment_value
    , metric
    , '' as column_name
    , '' as component
    , value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , unused_count
    , case when row_count = 0 then 'no row with a label and a time when it was observed' end as note
from quantiles
