-- statistics: moments, range and quantiles of every numeric column of the reference, in one row.
-- Infinities, NaN and values beyond 1e100, whose cubes are infinite, take no part. Quantiles come from the sample that says which rows.
-- inputs:
--   {{ rows }}: chunk_number bigint, place bigint, value_0 double
--   {{ sample }}: sampled_places integer, center_0 double
--   {{ columns }}: index of every numeric column
-- grain: one row
-- output:
--   row_count_0 bigint
--   minimum_0 double
--   maximum_0 double
--   mean_0 double
--   deviation_0 double
--   third_moment_0 double   -- around the mean
--   quantiles_0 double[]
select
    {% for column in columns %}
    {% if not loop.first %}, {% endif %}count(value_{{ column.index }}) as row_count_{{ column.index }}
    , min(value_{{ column.index }}) as minimum_{{ column.index }}
    , max(value_{{ column.index }}) as maximum_{{ column.index }}
    , max(center_{{ column.index }}) + avg(distance_{{ column.index }}) as mean_{{ column.index }}
    , sqrt(greatest(avg(distance_{{ column.index }} * distance_{{ column.index }}) - avg(distance_{{ column.index }}) * avg(distance_{{ column.index }}), 0)) as deviation_{{ column.index }}
    , avg(distance_{{ column.index }} * distance_{{ column.index }} * distance_{{ column.index }})
      - 3 * avg(distance_{{ column.index }}) * avg(distance_{{ column.index }} * distance_{{ column.index }})
      + 2 * avg(distance_{{ column.index }}) * avg(distance_{{ column.index }}) * avg(distance_{{ column.index }}) as third_moment_{{ column.index }}
    , quantile_disc(
        case when is_sampled then value_{{ column.index }} end
        , [0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999]
    ) as quantiles_{{ column.index }}
    {% endfor %}
from (
    select
        is_sampled
        {% for column in columns %}
        , center_{{ column.index }}
        , value_{{ column.index }}
        , value_{{ column.index }} - center_{{ column.index }} as distance_{{ column.index }}
        {% endfor %}
    from (
        select
            place < sampled_places as is_sampled
            {% for column in columns %}
            , center_{{ column.index }}
            , case when abs(value_{{ column.index }}) <= 1e100 then value_{{ column.index }} end as value_{{ column.index }}
            {% endfor %}
        from {{ rows }} as source_rows
        cross join {{ sample }} as sampled
    ) as finite_rows
) as centered
