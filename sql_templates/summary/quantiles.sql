-- quantiles: of every numeric column in every chunk, and how many different values it has at least.
-- formula: linear between the two values around rank share (n - 1) + 1; inside a part, values lie evenly
-- A part whose smallest value is its largest has one value; any other has two or more.
-- source: Hyndman and Fan 1996, definition 7
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, lowest_value double, highest_value double
--   {{ shares }}: number and share of every quantile
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   distinct_count bigint
--   is_exact boolean       -- whether there are no more than these
--   quantile_0 double
with counted as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , cast(row_count as double) as row_count
        , lowest_value
        , highest_value
        , sum(row_count) over (partition by chunk_number, segment_column, segment_value, column_name) as total
        , sum(row_count) over (
            partition by chunk_number, segment_column, segment_value, column_name
            order by lowest_value, lower_edge rows between unbounded preceding and current row
        ) as rank_after
    from {{ numeric }}
    where bin is not null
), asked as (
    select
        counted.*
        , rank_after - row_count as rank_before
        {% for share in shares %}
        , {{ share.share }} * (total - 1) + 1 as rank_{{ share.number }}
        {% endfor %}
    from counted
), found as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , count(*) as part_count
        -- DataFusion, and Sail over it, say that the smallest of nothing but infinities is the largest double.
        , sum(case when lowest_value < highest_value and lowest_value <= 1.7e308 and highest_value >= -1.7e308 then 1 else 0 end) as shared_count
        {% for share in shares %}
        , max(rank_{{ share.number }}) - floor(max(rank_{{ share.number }})) as place_{{ share.number }}
        {% for side in ("floor", "ceil") %}
        , max(case
            when {% if side == "floor" %}floor{% else %}ceil{% endif %}(rank_{{ share.number }}) > rank_before and {% if side == "floor" %}floor{% else %}ceil{% endif %}(rank_{{ share.number }}) <= rank_after
                then lowest_value + coalesce(({% if side == "floor" %}floor{% else %}ceil{% endif %}(rank_{{ share.number }}) - rank_before - 1) / nullif(row_count - 1, 0), 0.5e0) * (highest_value - lowest_value)
        end) as {% if side == "floor" %}lower{% else %}upper{% endif %}_{{ share.number }}
        {% endfor %}
        {% endfor %}
    from asked
    group by chunk_number, segment_column, segment_value, column_name
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , cast(part_count + shared_count as bigint) as distinct_count
    , shared_count = 0 as is_exact
    {% for share in shares %}
    , case when place_{{ share.number }} > 0 then lower_{{ share.number }} + place_{{ share.number }} * (upper_{{ share.number }} - lower_{{ share.number }}) else lower_{{ share.number }} end as quantile_{{ share.number }}
    {% endfor %}
from found
