-- level_counts: the levels of both sides that stand out: the most frequent, those that came and those that went.
-- Ten of each kind at most; came_count and went_count count all of them.
-- inputs:
--   {{ category_counts }}: chunk_number bigint, segment_column varchar, column_index integer, level varchar, row_count bigint
--   {{ columns }}: index and name of every categorical column
-- grain: column_name, level
-- output:
--   column_name varchar
--   level varchar
--   reference_count bigint
--   analysis_count bigint
--   came_count bigint      -- levels of the column that the reference lacks
--   went_count bigint      -- levels of the column that the analysis lacks
with named as (
    {% for column in columns %}
    {% if not loop.first %}union all{% endif %}
    select {{ column.index }} as column_index, {{ column.name }} as column_name
    {% endfor %}
), counted as (
    select
        column_index
        , level
        , cast(sum(case when chunk_number % 2 = 1 then row_count else 0 end) as bigint) as reference_count
        , cast(sum(case when chunk_number % 2 = 0 then row_count else 0 end) as bigint) as analysis_count
    from {{ category_counts }}
    where segment_column = '' and level is not null
    group by column_index, level
), ranked as (
    select
        column_index
        , level
        , reference_count
        , analysis_count
        , row_number() over (partition by column_index order by reference_count desc, level) as reference_rank
        , row_number() over (partition by column_index order by analysis_count desc, level) as analysis_rank
        , row_number() over (partition by column_index, case when reference_count = 0 then 1 else 0 end order by analysis_count desc, level) as came_rank
        , row_number() over (partition by column_index, case when analysis_count = 0 then 1 else 0 end order by reference_count desc, level) as went_rank
        , cast(sum(case when reference_count = 0 then 1 else 0 end) over (partition by column_index) as bigint) as came_count
        , cast(sum(case when analysis_count = 0 then 1 else 0 end) over (partition by column_index) as bigint) as went_count
    from counted
)
select
    named.column_name
    , ranked.level
    , ranked.reference_count
    , ranked.analysis_count
    , ranked.came_count
    , ranked.went_count
from ranked
inner join named on ranked.column_index = named.column_index
where ranked.reference_rank <= 10
    or ranked.analysis_rank <= 10
    or (ranked.reference_count = 0 and ranked.came_rank <= 10)
    or (ranked.analysis_count = 0 and ranked.went_rank <= 10)
