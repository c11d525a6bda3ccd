-- derived: the values that the user derives from other results of the same chunk and segment.
-- A value whose inputs are not all there is NULL, and so is one that is no finite number.
-- inputs:
--   {{ values }}: chunk_number bigint, segment_column varchar, segment_value varchar, family varchar, metric varchar, column_name varchar, component varchar, value double, standard_error double, noise_floor double, p_value double, row_count bigint, unused_count bigint, note varchar
--   {{ inputs }}: index, family and metric of every result that a formula names
--   {{ formulas }}: family, name and expression of every metric, with index and label of its inputs
-- grain: chunk_number, segment_column, segment_value, family, metric
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
with side_by_side as (
    select
        chunk_number
        , segment_column
        , segment_value
        {% for input in inputs %}
        , max(case when family = {{ input.family }} and metric = {{ input.metric }} then value end) as input_{{ input.index }}
        , coalesce(max(case when family = {{ input.family }} and metric = {{ input.metric }} then row_count end), 0) as rows_{{ input.index }}
        , coalesce(max(case when family = {{ input.family }} and metric = {{ input.metric }} then unused_count end), 0) as unused_{{ input.index }}
        {% endfor %}
    from {{ values }}
    where column_name = '' and component = ''
    group by chunk_number, segment_column, segment_value
)
{% for formula in formulas %}
{% if not loop.first %}union all{% endif %}
select
    chunk_number
    , segment_column
    , segment_value
    , {{ formula.family }} as family
    , {{ formula.name }} as metric
    , '' as column_name
    , '' as component
    , case when abs(computed) <= 1.7e308 then computed end as value
    , cast(null as double) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , cast(row_count as bigint) as row_count
    , cast(unused_count as bigint) as unused_count
    , case
        {% for input in formula.inputs %}
        when input_{{ input.index }} is null then {{ input.note }}
        {% endfor %}
        when computed is null then 'the formula gave NULL'
        when not abs(computed) <= 1.7e308 then 'the formula gave no finite number'
    end as note
from (
    select
        side_by_side.*
        , least({% for input in formula.inputs %}rows_{{ input.index }}, {% endfor %}9223372036854775807) as row_count
        , greatest({% for input in formula.inputs %}unused_{{ input.index }}, {% endfor %}0) as unused_count
        , case when {% for input in formula.inputs %}{% if not loop.first %} and {% endif %}input_{{ input.index }} is not null{% endfor %}
            then cast({{ formula.expression }} as double) end as computed
    from side_by_side
) as computed_{{ formula.index }}
{% endfor %}
