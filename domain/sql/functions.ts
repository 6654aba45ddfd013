/**
 * Every function a source's query may call. An allow-list: what reads files, settings or other sessions, runs
 * SQL from a string (query_to_xml, ts_stat, dblink), sleeps, locks, notifies, or moves a sequence is not on
 * it, and neither is anything a database's owner or an extension defined. All of them are PostgreSQL's own
 * (a test compares the list with pg_proc) and none has a side effect.
 */
const GROUPS = {
  aggregate: `any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp
    every json_agg json_object_agg jsonb_agg jsonb_object_agg max min mode percentile_cont percentile_disc
    range_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev
    stddev_pop stddev_samp string_agg sum var_pop var_samp variance`,
  window: `cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number`,
  dateAndTime: `age clock_timestamp date date_add date_bin date_part date_subtract date_trunc extract isfinite
    justify_days justify_hours justify_interval make_date make_interval make_time make_timestamp
    make_timestamptz now overlaps statement_timestamp timezone to_char to_date to_timestamp
    transaction_timestamp`,
  math: `abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees div erf exp factorial floor gcd lcm ln log
    log10 min_scale mod pi power radians random round scale sign sin sinh sqrt tan tanh trim_scale trunc
    width_bucket cosh acosh asinh atanh pow to_number`,
  text: `ascii bit_length btrim char_length character_length chr concat concat_ws format initcap left length
    like_escape lower lpad ltrim md5 normalize octet_length overlay position regexp_count regexp_instr
    regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table
    regexp_substr repeat replace reverse right rpad rtrim similar_to_escape split_part starts_with
    string_to_array string_to_table strpos substr substring to_hex translate unistr upper encode sha256`,
  search: `plainto_tsquery phraseto_tsquery to_tsquery to_tsvector ts_headline ts_rank ts_rank_cd
    websearch_to_tsquery`,
  json: `array_to_json json_array_elements json_array_elements_text json_array_length json_build_array
    json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object
    json_object_keys json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_array_elements
    jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each
    jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys
    jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first
    jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json
    to_json to_jsonb`,
  arrayAndSet: `array_append array_cat array_dims array_fill array_length array_lower array_ndims
    array_position array_positions array_prepend array_remove array_replace array_to_string array_upper
    cardinality generate_series generate_subscripts trim_array unnest`,
  range: `daterange int4range int8range isempty lower_inc lower_inf numrange range_merge tsrange tstzrange
    upper_inc upper_inf`,
  comparison: `num_nonnulls num_nulls`,
  network: `broadcast family host masklen netmask network`,
};

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(
  Object.values(GROUPS).flatMap((group) => group.split(/\s+/)),
);
