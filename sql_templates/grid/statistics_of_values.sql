-- statistics_of_values: moments and range of every numeric column of the reference, from its distinct values.
-- Two passes (mean first), so nothing cancels.
-- inputs:
--   {{ value_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_index integer, value double, row_count bigint
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
with reference_values as (
    select column_index, value, cast(sum(row_count) as bigint) as row_count
    from {{ value_counts }}
    where chunk_number % 2 = 1 and segment_column = '' and abs(value) <= 1e100
    group by column_index, value
), means as (
    select
        column_index
        , cast(sum(row_count) as bigint) as row_count
        , min(value) as minimum
        , max(value) as maximum
        , sum(row_count * value) / sum(row_count) as mean
    from reference_values
    group by column_index
), moments as (
    select
        means.column_index
        , means.row_count
        , means.minimum
        , means.maximum
        , means.mean
        , sum(reference_values.row_count * (reference_values.value - means.mean) * (reference_values.value - means.mean)) / means.row_count as variance
        , sum(reference_values.row_count * (reference_values.value - means.mean) * (reference_values.value - means.mean) * (reference_values.value - means.mean)) / means.row_count as third_moment
    from reference_values
    inner join means on reference_values.column_index = means.column_index
    group by means.column_index, means.row_count, means.minimum, means.maximum, means.mean
), named as (
    {% for column in columns %}
    {% if not loop.first %}union all{% endif %}
    select {{ column.index }} as column_index, {{ column.name }} as column_name
    {% endfor %}
)
select
    named.column_index
    , named.column_name
    , coalesce(moments.row_count, 0) as row_count
    , moments.minimum
    , moments.maximum
    , moments.mean
    , sqrt(moments.variance) as deviation
    , moments.third_moment
    {% for quantile in range(1, 8) %}
    , cast(null as double) as quantile_{{ quantile }}
    {% endfor %}
from named
left join moments on named.column_index = moments.column_index
