// The functions that write. They run with the rights of the owner, so that the role of an application may add events by them and in no other way.
import { planned } from './planned.ts'

/** `schema` is a name that needs no quotes. */
export const writing = (schema: string): string => `
CREATE FUNCTION ${schema}.open_log(p_name text) RETURNS TABLE (id int4, log_id uuid, head int8, recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT l.id, l.log_id, l.head, l.recorded_at FROM ${schema}.logs l WHERE l.name = p_name;
  IF NOT FOUND THEN
    INSERT INTO ${schema}.logs (name, log_id) VALUES (p_name, gen_random_uuid()) ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT l.id, l.log_id, l.head, l.recorded_at FROM ${schema}.logs l WHERE l.name = p_name;
  END IF;
END $$;

-- The numbers of kinds, in the order of the arrays; those that are not there are made.
CREATE FUNCTION ${schema}.number_kinds(p_log int4, p_categories text[], p_types text[]) RETURNS int4[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO ${schema}.kinds (id, log, category, type)
    SELECT CASE WHEN g.category LIKE '$%' THEN -1 ELSE 1 END * nextval('${schema}.kind_numbers'), p_log, g.category, g.type
    FROM unnest(p_categories, p_types) g(category, type)
    WHERE NOT EXISTS (SELECT FROM ${schema}.kinds k WHERE k.log = p_log AND k.category = g.category AND k.type = g.type)
    ORDER BY g.category, g.type
    ON CONFLICT DO NOTHING;
  RETURN ARRAY(
    SELECT k.id FROM unnest(p_categories, p_types) WITH ORDINALITY g(category, type, nth)
    JOIN ${schema}.kinds k ON k.log = p_log AND k.category = g.category AND k.type = g.type ORDER BY g.nth);
END $$;

-- What an acknowledgement survives with these settings and a value of synchronous_commit: 0 a process, 1 a machine, 2 the loss of a machine.
CREATE FUNCTION ${schema}.durability(p_sync text) RETURNS int4 LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN p_sync = 'off' OR current_setting('fsync') = 'off' OR current_setting('full_page_writes') = 'off' THEN 0
    WHEN p_sync = 'local' OR current_setting('synchronous_standby_names') = '' THEN 1 ELSE 2 END
$$;

-- Writes a batch in rounds. A batch is known by its writer and a number that rises: one that was given up cannot be written any more.
-- Returns the head before it, the time of recording, the version before it of each stream of each round, and the commits that were not written, as JSON:
-- [round, commit, "command", first position, events], [round, commit, "version", stream of the round, actual version] or [round, commit, "condition", position].
CREATE FUNCTION ${schema}.append(p_log int4, p_writer uuid, p_batch int8, p_durability int4, p_channel text, p_rounds ${schema}.round[])
RETURNS TABLE (head int8, recorded_ms int8, versions text, failures text, durability int4)
LANGUAGE plpgsql SECURITY DEFINER ${planned} AS $$
#variable_conflict use_column
DECLARE
  r ${schema}.round;
  v_round int4 := 0;
  v_first int8;
  v_head int8;
  v_at timestamptz(3);
  v_failures jsonb := '[]';
  v_failed jsonb;
  v_shift int8[];
  v_written boolean[];
  v_ids int8[];
  v_before int8[];
  v_versions int8[] := '{}';
  v_isnew boolean[];
  v_differs boolean;
  v_durability int4;
  v_state text;
  v_match int8;
  v_events int8;
  v_passed int8;
  i int4;
BEGIN
  v_durability := ${schema}.durability(current_setting('synchronous_commit'));
  IF v_durability < p_durability THEN
    -- The session may ask for more than is usual on this server, and for no more than it can.
    v_durability := ${schema}.durability('on');
    IF v_durability < p_durability THEN
      RAISE EXCEPTION 'The server keeps an append with durability %, and % was asked for: fsync = %, full_page_writes = %, synchronous_standby_names = "%".',
        v_durability, p_durability, current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_standby_names')
        USING ERRCODE = 'ID001';
    END IF;
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  SELECT l.head, l.recorded_at, l.copy_state INTO v_head, v_at, v_state FROM ${schema}.logs l WHERE l.id = p_log FOR NO KEY UPDATE;
  IF v_state IS NOT NULL THEN
    RAISE EXCEPTION 'Nobody appends to this log: it is %.', v_state USING ERRCODE = CASE v_state WHEN 'retired' THEN 'ID002' ELSE 'ID003' END;
  END IF;
  v_first := v_head;
  v_at := greatest(v_at, date_trunc('milliseconds', clock_timestamp()));

  FOREACH r IN ARRAY p_rounds LOOP
    v_round := v_round + 1;
    v_failed := '{}';

    IF r.command_commit IS NOT NULL THEN
      SELECT coalesce(jsonb_object_agg(d.commit, jsonb_build_array(v_round, d.commit, 'command', c.first_position, c.events)), '{}') INTO v_failed
      FROM unnest(r.command_commit, r.command_id) d(commit, id)
      CROSS JOIN LATERAL (SELECT c.first_position, c.events FROM ${schema}.commands c WHERE c.log = p_log AND c.id = d.id LIMIT 1) c;
    END IF;

    SELECT array_agg(coalesce(s.id, nextval('${schema}.stream_numbers')) ORDER BY w.nth),
      array_agg(coalesce(s.version, 0) ORDER BY w.nth),
      array_agg(s.id IS NULL ORDER BY w.nth),
      bool_or(CASE w.wanted WHEN -2 THEN false WHEN -1 THEN s.id IS NULL ELSE coalesce(s.version, 0) <> w.wanted END)
    INTO v_ids, v_before, v_isnew, v_differs
    FROM unnest(r.stream_name, r.stream_wanted) WITH ORDINALITY w(name, wanted, nth)
    LEFT JOIN LATERAL (SELECT s.id, s.version FROM ${schema}.streams s WHERE s.log = p_log AND s.name = w.name LIMIT 1) s ON true;

    IF v_differs THEN
      SELECT v_failed || coalesce(jsonb_object_agg(x.commit, jsonb_build_array(v_round, x.commit, 'version', x.nth, v_before[x.nth])), '{}') INTO v_failed
      FROM (
        SELECT DISTINCT ON (w.commit) w.commit, w.nth FROM unnest(r.stream_commit, r.stream_wanted) WITH ORDINALITY w(commit, wanted, nth)
        WHERE w.wanted >= -1 AND CASE w.wanted WHEN -1 THEN v_before[w.nth] = 0 ELSE v_before[w.nth] <> w.wanted END
          AND NOT v_failed ? w.commit::text
        ORDER BY w.commit, w.nth
      ) x;
    END IF;

    FOR i IN 1 .. coalesce(cardinality(r.condition_commit), 0) LOOP
      IF NOT v_failed ? r.condition_commit[i]::text THEN
        SELECT m INTO v_match FROM ${schema}.matching_backwards(
          p_log, r.condition_query[i]::jsonb, r.condition_after[i] + 1, v_head, 1, false) m;
        IF v_match IS NOT NULL THEN
          v_failed := v_failed || jsonb_build_object(
            r.condition_commit[i], jsonb_build_array(v_round, r.condition_commit[i], 'condition', v_match));
        END IF;
      END IF;
    END LOOP;

    -- What to add to the number of an event in its round to get its position.
    v_shift := array_fill(v_head, ARRAY[cardinality(r.commit_events)]);
    v_written := array_fill(true, ARRAY[cardinality(r.commit_events)]);
    v_events := cardinality(r.event_commit);
    IF v_failed <> '{}' THEN
      v_passed := 0;
      FOR i IN 1 .. cardinality(r.commit_events) LOOP
        IF v_failed ? i::text THEN
          v_written[i] := false;
          v_passed := v_passed + r.commit_events[i];
        ELSE
          v_shift[i] := v_head - v_passed;
        END IF;
      END LOOP;
      v_events := v_events - v_passed;
      SELECT v_failures || jsonb_agg(f.value) INTO v_failures FROM jsonb_each(v_failed) f;
    END IF;
    v_versions := v_versions || v_before;
    CONTINUE WHEN v_events = 0;

    -- A stream with the number 0 as its commit gets events of several commits, none of which can fail.
    IF true = ANY (v_isnew) THEN
      INSERT INTO ${schema}.streams (id, not_before, not_after, version, log, name)
        SELECT v_ids[w.nth], v_head + 1, v_head + v_events, w.events, p_log, w.name
        FROM unnest(r.stream_commit, r.stream_name, r.stream_events) WITH ORDINALITY w(commit, name, events, nth)
        WHERE w.events > 0 AND v_isnew[w.nth] AND (w.commit = 0 OR v_written[w.commit]);
    END IF;
    IF false = ANY (v_isnew) THEN
      UPDATE ${schema}.streams s SET version = s.version + w.events, not_after = v_head + v_events
        FROM unnest(r.stream_commit, r.stream_events, v_ids) WITH ORDINALITY w(commit, events, id, nth)
        WHERE s.id = w.id AND w.events > 0 AND NOT v_isnew[w.nth] AND (w.commit = 0 OR v_written[w.commit]);
    END IF;

    INSERT INTO ${schema}.events (position, stream, recorded_at, log, kind, version, schema_version, id, content_type, valid_at, tags, metadata, data)
      SELECT v_shift[e.commit] + e.nth, v_ids[e.stream], v_at, p_log, e.kind, v_before[e.stream] + e.in_stream, e.schema, e.id,
        e.content, e.valid, e.tags::text[], e.metadata, e.data
      FROM unnest(r.event_commit, r.event_stream, r.event_nth, r.event_kind, r.event_schema, r.event_id, r.event_data, r.event_metadata,
        r.event_content, r.event_valid, r.event_tags)
        WITH ORDINALITY e(commit, stream, in_stream, kind, schema, id, data, metadata, content, valid, tags, nth)
      WHERE v_written[e.commit];
    UPDATE ${schema}.kinds k SET events = k.events + n.events
      FROM (SELECT e.kind, count(*) AS events FROM unnest(r.event_commit, r.event_kind) e(commit, kind) WHERE v_written[e.commit] GROUP BY e.kind) n
      WHERE k.id = n.kind;

    IF r.term_commit IS NOT NULL THEN
      INSERT INTO ${schema}.terms (term, position, kind)
        SELECT t.term, v_shift[t.commit] + t.event, t.kind FROM unnest(r.term_commit, r.term_event, r.term_kind, r.term) t(commit, event, kind, term)
        WHERE v_written[t.commit];
    END IF;
    IF r.command_commit IS NOT NULL THEN
      INSERT INTO ${schema}.commands (first_position, log, events, id)
        SELECT v_shift[d.commit] + d.event, p_log, r.commit_events[d.commit], d.id
        FROM unnest(r.command_commit, r.command_event, r.command_id) d(commit, event, id)
        WHERE v_written[d.commit];
    END IF;
    v_head := v_head + v_events;
  END LOOP;

  IF v_head > v_first THEN
    INSERT INTO ${schema}.writers AS w (log, writer, batch, head, recorded_at, failures)
      VALUES (p_log, p_writer, p_batch, v_first, v_at, nullif(v_failures, '[]')::text)
      ON CONFLICT (log, writer) DO UPDATE
        SET batch = excluded.batch, head = excluded.head, recorded_at = excluded.recorded_at, failures = excluded.failures
        WHERE w.batch < excluded.batch;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'Batch % of writer % was given up.', p_batch, p_writer USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    UPDATE ${schema}.logs l SET head = v_head, recorded_at = v_at WHERE l.id = p_log;
    PERFORM pg_notify(p_channel, p_log || ' ' || v_head || ' ' || p_writer);
  END IF;
  RETURN QUERY SELECT v_first, (extract(epoch FROM v_at) * 1000)::int8, array_to_json(v_versions)::text, v_failures::text, v_durability;
END $$;

-- Keeps the columns of a stretch. An event never changes, so all who make them make the same; damaged ones are replaced.
CREATE FUNCTION ${schema}.keep_columns(p_log int4, p_stretch int4, p_columns bytea, p_payloads bytea, p_checksum int8) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO ${schema}.columns (log, stretch, columns, payloads, checksum) VALUES (p_log, p_stretch, p_columns, p_payloads, p_checksum)
    ON CONFLICT (log, stretch) DO UPDATE
      SET columns = excluded.columns, payloads = excluded.payloads, checksum = excluded.checksum;
$$;

-- Until the end of the transaction nobody appends.
CREATE FUNCTION ${schema}.hold_log(p_log int4) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM ${schema}.logs l WHERE l.id = p_log FOR NO KEY UPDATE;
END $$;

-- What became of a batch whose answer was lost. If it was not written, it is given up, and can never be written afterwards. Waits for it if it is under way.
CREATE FUNCTION ${schema}.settle_batch(p_log int4, p_writer uuid, p_batch int8)
RETURNS TABLE (head int8, recorded_ms int8, failures text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM FROM ${schema}.logs l WHERE l.id = p_log FOR NO KEY UPDATE;
  INSERT INTO ${schema}.writers AS w (log, writer, batch, recorded_at) VALUES (p_log, p_writer, p_batch, clock_timestamp())
    ON CONFLICT (log, writer) DO UPDATE SET batch = excluded.batch, head = NULL, failures = NULL, recorded_at = excluded.recorded_at
    WHERE w.batch < excluded.batch;
  RETURN QUERY SELECT w.head, (extract(epoch FROM w.recorded_at) * 1000)::int8, coalesce(w.failures, '[]')
    FROM ${schema}.writers w WHERE w.log = p_log AND w.writer = p_writer AND w.batch = p_batch;
END $$;
`
