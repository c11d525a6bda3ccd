-- statistics: moments, range and quantiles of every numeric column of the reference, in one row.
-- First a look at a tenth of its rows, 20,000 at most, so that no more is read of a large one. Moments are taken
-- around a rough middle, so that nothing cancels where values are large and close to each other. Placing cells needs
-- quantiles; of 200,000 rows or more, a part places as well as all of it. Where rows are few, cells are cut into
-- parts, lest rows of both sides that share one count as equal. The reference decides: a cut that went by the
-- analysis would change as it grows.
-- Infinities, NaN and values beyond 1e100, whose cubes are infinite, take no part.
-- inputs:
--   {{ rows }}: chunk_number bigint, place bigint, value_0 double
--   {{ columns }}: index of every numeric column
-- grain: one row
-- output:
--   part_count bigint       -- parts of a cell, a power of 2
--   row_count_0 bigint
--   minimum_0 double
--   maximum_0 double
--   mean_0 double
--   deviation_0 double
--   third_moment_0 double   -- around the mean
--   quantiles_0 double[]
select
    coalesce(max(part_count), 1024) as part_count
    {% for column in columns %}
    , count(value_{{ column.index }}) as row_count_{{ column.index }}
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
        , part_count
        {% for column in columns %}
        , center_{{ column.index }}
        , value_{{ column.index }}
        , value_{{ column.index }} - center_{{ column.index }} as distance_{{ column.index }}
        {% endfor %}
    from (
        select
            place < sampled_places as is_sampled
            , part_count
            {% for column in columns %}
            , center_{{ column.index }}
            , case when abs(value_{{ column.index }}) <= 1e100 then value_{{ column.index }} end as value_{{ column.index }}
            {% endfor %}
        from {{ rows }} as source_rows
        cross join (
            select
                -- Of 1000, the places whose rows give quantiles.
                case when count(*) < 20000 then 1000 else 40 end as sampled_places
                , cast(case when count(*) <= 200 then 1024 when count(*) <= 2000 then 128 when count(*) < 20000 then 4 else 1 end as bigint) as part_count
                {% for column in columns %}
                , coalesce(avg(case when abs(value_{{ column.index }}) <= 1e100 then value_{{ column.index }} end), 0) as center_{{ column.index }}
                {% endfor %}
            from (
                select *
                from {{ rows }} as source_rows
                where place < 100
                limit 20000
            ) as tenth
        ) as sampled
    ) as finite_rows
) as centered
