-- references: which chunks each chunk is compared with, and itself, under a number of its own for each pair.
-- Before a chunk of the analysis are those of the analysis, and of the reference up to where the analysis begins;
-- before one of the reference are those of the reference.
-- inputs:
--   {{ chunks }}: chunk_number bigint
--   {{ backs }}: how many places before a chunk each chunk of its reference is
--   {{ by_calendar }}: given where places are counted in chunk lengths; else in chunks that have rows
-- grain: chunk_number, merged_number
-- output:
--   chunk_number bigint
--   merged_number bigint -- twice the number of the chunk compared, plus one for those it is compared with
--   pair varchar         -- the number of the chunk compared, ten digits
with backs as (
    {% for back in backs %}
    {% if not loop.first %}union all{% endif %}
    select {{ back }} as back
    {% endfor %}
), numbered as (
    select
        chunk_number
        , chunk_number % 2 as is_reference
        , (chunk_number - chunk_number % 2) // 2 as sequence
        , min(case when chunk_number % 2 = 0 then chunk_number // 2 end) over () as first_of_analysis
    from {{ chunks }}
), lines as (
    select is_reference as line, chunk_number, is_reference, sequence
    from numbered
    union all
    select 0 as line, chunk_number, is_reference, sequence
    from numbered
    where is_reference = 1 and sequence <= first_of_analysis
), placed as (
    select
        lines.*
        , {% if by_calendar %}sequence{% else %}dense_rank() over (partition by line order by sequence){% endif %} as place
    from lines
), pairs as (
    -- Computed before it is joined by: an engine lost a condition over both sides of a cross join.
    select placed.line, placed.chunk_number, placed.place - backs.back as place_before
    from placed
    cross join backs
    where placed.line = placed.is_reference
)
select chunk_number, 2 * chunk_number as merged_number, lpad(cast(chunk_number as varchar), 10, '0') as pair
from numbered
union all
select
    members.chunk_number
    , 2 * pairs.chunk_number + 1 as merged_number
    , lpad(cast(pairs.chunk_number as varchar), 10, '0') as pair
from pairs
inner join placed as members on pairs.line = members.line and pairs.place_before = members.place
order by chunk_number, merged_number
