-- statistics_by_column: the one wide row of statistics as one row per column.
-- inputs:
--   {{ statistics }}: row_count_0 bigint, minimum_0 double, maximum_0 double, mean_0 double, deviation_0 double, third_moment_0 double, quantiles_0 double[]
--   {{ columns }}: index and name of every numeric column
-- grain: column_index
-- output:
--   column_index integer
--   column_name varchar
--   row_count bigint
--   minimum double
--   maximum double
--   mean double
--   deviation double
--   third_moment double
--   quantile_1 double
--   quantile_2 double
--   quantile_3 double
--   quantile_4 double
--   quantile_5 double
--   quantile_6 double
--   quantile_7 double
{% for column in columns %}
{% if not loop.first %}union all{% endif %}
select
    {{ column.index }} as column_index
    , {{ column.name }} as column_name
    , row_count_{{ column.index }} as row_count
    , minimum_{{ column.index }} as minimum
    , maximum_{{ column.index }} as maximum
    , mean_{{ column.index }} as mean
    , deviation_{{ column.index }} as deviation
    , third_moment_{{ column.index }} as third_moment
    {% for quantile in range(1, 8) %}
    , quantiles_{{ column.index }}[{{ quantile }}] as quantile_{{ quantile }}
    {% endfor %}
from {{ statistics }}
{% endfor %}
