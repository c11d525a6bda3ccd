-- unpaired: values of windows, or of chunks compared with chunks before them, under the chunks' own numbers.
-- inputs:
--   {{ values }}: chunk_number bigint, segment_column varchar, segment_value varchar, family varchar, metric varchar, column_name varchar, component varchar, value double, standard_error double, noise_floor double, p_value double, row_count bigint, unused_count bigint, note varchar
--   {{ members }}: merged_number bigint; given where chunks are compared with chunks before them
--   {{ first }}: where a segment's own value begins, after the pair
-- grain: chunk_number, segment_column, segment_value, family, metric, column_name, component
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
{% if members %}
with compared as (
    select distinct merged_number - 1 as chunk_number
    from {{ members }}
    where merged_number % 2 = 1
)
{% endif %}
select
    metric_values.chunk_number // 2 as chunk_number
    , metric_values.segment_column
    , substr(metric_values.segment_value, {{ first }}) as segment_value
    , metric_values.family
    , metric_values.metric
    , metric_values.column_name
    , metric_values.component
    , metric_values.value
    , metric_values.standard_error
    , metric_values.noise_floor
    , metric_values.p_value
    , metric_values.row_count
    , metric_values.unused_count
    {% if members %}
    , case
        when compared.chunk_number is null then 'no chunk before it to compare with'
        when metric_values.note = 'the reference has no values' then 'no value before it to compare with'
        else metric_values.note
    end as note
    {% else %}
    , metric_values.note
    {% endif %}
from {{ values }} as metric_values
{% if members %}
left join compared on metric_values.chunk_number = compared.chunk_number
{% endif %}
where metric_values.chunk_number % 2 = 0
