-- levels: the levels of every categorical column in the reference, the most frequent first.
-- Levels after the first max_levels share the bin max_levels.
-- inputs:
--   {{ category_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_index integer, level varchar, row_count bigint
--   {{ columns }}: index and name of every categorical column
--   {{ max_levels }}: how many levels keep a bin of their own
-- grain: column_name, level
-- output:
--   column_name varchar
--   level varchar
--   bin bigint
--   row_count bigint
with named as (
    {% for column in columns %}
    {% if not loop.first %}union all{% endif %}
    select {{ column.index }} as column_index, {{ column.name }} as column_name
    {% endfor %}
), counted as (
    select column_index, level, cast(sum(row_count) as bigint) as row_count
    from {{ category_counts }}
    where chunk_number % 2 = 1 and segment_column = '' and level is not null
    group by column_index, level
)
select
    named.column_name
    , counted.level
    , least(row_number() over (partition by counted.column_index order by counted.row_count desc, counted.level) - 1, {{ max_levels }}) as bin
    , counted.row_count
from counted
inner join named on counted.column_index = named.column_index
