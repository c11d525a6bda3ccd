-- metrics: every metric of a regression as a formula over the sums of its errors, realized where targets are.
-- An infinite value makes each NULL, and a row for which one is not defined makes that one NULL; its note
-- counts such rows, as they are no missing labels.
-- inputs:
--   {{ sums }}: chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, unused_count bigint, infinite_count bigint, zero_count bigint, negative_count bigint, n double, absolute_sum double, error_sum double, squared_sum double, fourth_sum double, relative_sum double, relative_squared_sum double, log_squared_sum double, log_fourth_sum double, target_mean double, target_deviation double, target_second double, target_third double, target_fourth double, squared_target_sum double, squared_target_square_sum double, delay_cell double
--   {{ metrics }}: name, component, value, standard_error, undefined and undefined_note of every metric
-- grain: chunk_number, segment_column, segment_value, metric, component
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
{% for metric in metrics %}
{% if not loop.first %}union all{% endif %}
select
    chunk_number
    , segment_column
    , segment_value
    , 'realized' as family
    , {{ metric.name }} as metric
    , '' as column_name
    , {{ metric.component }} as component
    , case when row_count > 0 and infinite_count = 0 and {{ metric.undefined }} = 0 then {{ metric.value }} end as value
    , case when row_count > 0 and infinite_count = 0 and {{ metric.undefined }} = 0 then {{ metric.standard_error }} end as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , row_count
    , cast(unused_count + infinite_count as bigint) as unused_count
    , case
        when infinite_count > 0 then 'infinite values'
        when row_count = 0 then 'no row with a target and a prediction'
        when {{ metric.undefined }} > 0 then cast({{ metric.undefined }} as varchar) || {{ metric.undefined_note }}
    end as note
from {{ sums }}
where delay_cell is null
{% endfor %}
