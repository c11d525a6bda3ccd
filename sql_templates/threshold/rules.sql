-- rules: how the threshold of every metric is set; the most specific word of the user wins.
-- scope 0 is for the whole population and every segment, 1 for every value of one segment column, 2 for one value.
-- inputs:
--   {{ rules }}: family, metric, column_name, scope, segment_column, segment_value, kind, lower, upper, lower_limit, upper_limit
-- grain: family, metric, column_name, scope, segment_column, segment_value
-- output:
--   family varchar
--   metric varchar
--   column_name varchar
--   scope integer
--   segment_column varchar
--   segment_value varchar
--   kind varchar
--   lower_value double
--   upper_value double
--   lower_limit double
--   upper_limit double
{% for rule in rules %}
{% if not loop.first %}union all{% endif %}
select {{ rule.family }} as family, {{ rule.metric }} as metric, {{ rule.column_name }} as column_name
    , {{ rule.scope }} as scope, {{ rule.segment_column }} as segment_column, {{ rule.segment_value }} as segment_value, {{ rule.kind }} as kind
    , cast({{ rule.lower }} as double) as lower_value, cast({{ rule.upper }} as double) as upper_value
    , cast({{ rule.lower_limit }} as double) as lower_limit, cast({{ rule.upper_limit }} as double) as upper_limit
{% endfor %}
