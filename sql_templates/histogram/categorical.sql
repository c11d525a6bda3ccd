-- categorical: the stored histogram of every categorical column.
-- bin is the level's number: NULL for missing values, -1 for all levels that the reference lacks.
-- inputs:
--   {{ category_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_index integer, level varchar, row_count bigint
--   {{ levels }}: column_name varchar, level varchar, bin bigint
--   {{ columns }}: index and name of every categorical column
-- grain: chunk_number, segment_column, segment_value, column_name, bin
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bin bigint
--   level varchar
--   row_count bigint
--   level_count bigint   -- levels that share the bin
with named as (
    {% for column in columns %}
    {% if not loop.first %}union all{% endif %}
    select {{ column.index }} as column_index, {{ column.name }} as column_name
    {% endfor %}
), placed as (
    select
        category_counts.chunk_number
        , category_counts.segment_column
        , category_counts.segment_value
        , named.column_name
        , case when category_counts.level is not null then coalesce(levels.bin, -1) end as bin
        , levels.level
        , category_counts.level as own_level
        , category_counts.row_count
    from {{ category_counts }} as category_counts
    inner join named on category_counts.column_index = named.column_index
    left join {{ levels }} as levels
        on named.column_name = levels.column_name and category_counts.level = levels.level
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , bin
    , min(level) as level
    , cast(sum(row_count) as bigint) as row_count
    , count(own_level) as level_count
from placed
group by chunk_number, segment_column, segment_value, column_name, bin
