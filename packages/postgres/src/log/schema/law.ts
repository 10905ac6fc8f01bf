// The first law in the database: nobody changes or deletes an event, whoever asks, and whatever rights they have.

/** `schema` is a name that needs no quotes. */
export const law = (schema: string): string => `
CREATE FUNCTION ${schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of %.% is refused: an event is never changed or deleted. Mend a mistake with a compensating event.',
    TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- Takes back what default privileges of the database gave to others than the owner: on one table, or on everything. A trigger on a table of events, for example,
-- would run with the rights of the owner.
CREATE FUNCTION ${schema}.withdraw(p_table text DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_right record;
BEGIN
  FOR v_right IN
    SELECT DISTINCT format('%I.%I', '${schema}', c.relname) AS what, a.grantee FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.relnamespace = '${schema}'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND a.grantee <> c.relowner AND c.relname = coalesce(p_table, c.relname)
    UNION SELECT 'FUNCTION ' || p.oid::regprocedure, a.grantee FROM pg_proc p, aclexplode(p.proacl) a
      WHERE p.pronamespace = '${schema}'::regnamespace AND a.grantee <> p.proowner AND p_table IS NULL
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %s', v_right.what, CASE v_right.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(v_right.grantee)) END);
  END LOOP;
END $$;

CREATE FUNCTION ${schema}.protect(p_table text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER indelible BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.%I
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change()', p_table);
  -- Also in sessions that apply changes of another server.
  EXECUTE format('ALTER TABLE ${schema}.%I ENABLE ALWAYS TRIGGER indelible', p_table);
  PERFORM ${schema}.withdraw(p_table);
END $$;

-- Makes the partition of a position. Attaching a table does not wait for appends, and appends do not wait for it.
CREATE FUNCTION ${schema}.make_partition(p_position int8) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_size int8 := (SELECT partition_events FROM ${schema}.layout);
  v_number int8 := p_position / v_size;
  v_table text;
  v_part text;
BEGIN
  IF p_position NOT BETWEEN 0 AND (SELECT coalesce(max(head), 0) FROM ${schema}.logs) + 2 * v_size THEN
    RAISE EXCEPTION 'Position % is too far from the end of the log for a partition.', p_position USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('${schema}.make_partition', 0));
  FOREACH v_table IN ARRAY ARRAY['events', 'terms'] LOOP
    v_part := v_table || '_' || v_number;
    CONTINUE WHEN to_regclass('${schema}.' || v_part) IS NOT NULL;
    EXECUTE format('CREATE TABLE ${schema}.%I (LIKE ${schema}.%I INCLUDING ALL)', v_part, v_table);
    EXECUTE format('ALTER TABLE ${schema}.%I ATTACH PARTITION ${schema}.%I FOR VALUES FROM (%s) TO (%s)',
      v_table, v_part, v_number * v_size, (v_number + 1) * v_size);
    PERFORM ${schema}.protect(v_part);
  END LOOP;
END $$;

SELECT ${schema}.protect('events'), ${schema}.protect('terms');
SELECT ${schema}.make_partition(0);
`
