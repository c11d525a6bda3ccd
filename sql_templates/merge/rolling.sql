-- rolling: which windows each chunk belongs to; one ends with every chunk that has rows.
-- A window is so many chunk lengths long, whether or not all of them have rows, and stays in its period.
-- Windows overlap, so those of the reference are compared like any other, and the reference is a chunk by itself.
-- inputs:
--   {{ chunks }}: chunk_number bigint
--   {{ backs }}: how many chunk lengths before a window's last chunk each of its chunks is, from 0
-- grain: chunk_number, merged_number
-- output:
--   chunk_number bigint
--   merged_number bigint -- twice the number of the window's last chunk; 1 for the reference
--   pair varchar         -- empty: no chunk has a reference of its own
with backs as (
    {% for back in backs %}
    {% if not loop.first %}union all{% endif %}
    select {{ back }} as back
    {% endfor %}
), windows as (
    select chunks.chunk_number as last_number, chunks.chunk_number - 2 * backs.back as chunk_number
    from {{ chunks }} as chunks
    cross join backs
)
select
    members.chunk_number
    , 2 * windows.last_number as merged_number
    , '' as pair
from windows
inner join {{ chunks }} as members on windows.chunk_number = members.chunk_number
union all
select chunk_number, cast(1 as bigint) as merged_number, '' as pair
from {{ chunks }}
where chunk_number % 2 = 1
order by chunk_number, merged_number
