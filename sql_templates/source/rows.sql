-- rows: the rows that one counting statement reads, with only the columns that it needs.
-- chunk_number is twice the number of the chunk, plus one in the reference period.
-- inputs:
--   {{ sources }}: the relations with their conditions, in the user's words
--   {{ columns }}: the expressions that the reader needs
-- grain: one row per prediction
-- output:
--   chunk_number bigint
{% for source in sources %}
{% if not loop.first %}union all{% endif %}
select
    {% if source.chunk_number %}{{ source.chunk_number }}{% else %}0{% endif %} as chunk_number
    {% for column in source.columns %}
    , {{ column.expression }} as {{ column.alias }}
    {% endfor %}
from {{ source.relation }} as prediction
{% if source.target %}
left join {{ source.target }} as target on {{ source.join_condition }}
{% endif %}
{% for join in source.joins %}
left join {{ join.relation }} as joined_{{ join.number }} on {{ join.condition }}
{% endfor %}
{% if source.condition %}where {{ source.condition }}{% endif %}
{% endfor %}
