// How our functions are planned: once for each session, and always by index, also while the statistics of a young table say that it is small.
export const planned = `SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
  SET enable_seqscan = off SET enable_bitmapscan = off SET enable_material = off SET enable_hashjoin = off SET enable_mergejoin = off`
