-- rules: how the threshold of every metric is set; the most specific word of the user wins.
-- inputs:
--   {{ rules }}: family, metric, column_name, kind, lower, upper, lower_limit, upper_limit
-- grain: family, metric, column_name
-- output:
--   family varchar
--   metric varchar
--   column_name varchar
--   kind varchar
--   lower_value double
--   upper_value double
--   lower_limit double
--   upper_limit double
{% for rule in rules %}
{% if not loop.first %}union all{% endif %}
select {{ rule.family }} as family, {{ rule.metric }} as metric, {{ rule.column_name }} as column_name, {{ rule.kind }} as kind
    , cast({{ rule.lower }} as double) as lower_value, cast({{ rule.upper }} as double) as upper_value
    , cast({{ rule.lower_limit }} as double) as lower_limit, cast({{ rule.upper_limit }} as double) as upper_limit
{% endfor %}
