// The functions of copies: a log that was made for a copy receives the events of another log as they are, and nobody appends to it before it is finished.

import { planned } from './planned.ts'

/** `schema` is a name that needs no quotes. */
export const copying = (schema: string): string => `
-- The log of a name as an unfinished copy of the log with this id. A new one is made; one that was moved takes up what was written where it went.
CREATE FUNCTION ${schema}.open_copy(p_name text, p_log_id uuid) RETURNS TABLE (id int4, log_id uuid, copy_state text, copy_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO ${schema}.logs (name, log_id, copy_state, copy_id) VALUES (p_name, p_log_id, 'unfinished', gen_random_uuid()) ON CONFLICT DO NOTHING;
  UPDATE ${schema}.logs l SET copy_state = 'unfinished', copy_id = gen_random_uuid()
    WHERE l.name = p_name AND l.log_id = p_log_id AND l.copy_state = 'retired';
  RETURN QUERY SELECT l.id, l.log_id, l.copy_state, l.copy_id FROM ${schema}.logs l WHERE l.name = p_name;
END $$;

-- Writes events of another log behind this position, each with its own time. What a stream of the round expects is its version. Returns the head after it.
CREATE FUNCTION ${schema}.receive(p_log int4, p_after int8, p_channel text, p_rounds ${schema}.round[], p_recorded_ms int8[]) RETURNS int8
LANGUAGE plpgsql SECURITY DEFINER ${planned} AS $$
#variable_conflict use_column
DECLARE
  r ${schema}.round := p_rounds[1];
  v_head int8;
  v_state text;
  v_events int8 := cardinality(p_recorded_ms);
  v_ids int8[];
  v_isnew boolean[];
  v_problem text;
BEGIN
  SELECT l.head, l.copy_state INTO v_head, v_state FROM ${schema}.logs l WHERE l.id = p_log FOR NO KEY UPDATE;
  IF v_state IS DISTINCT FROM 'unfinished' THEN RAISE EXCEPTION 'This log is no unfinished copy.' USING ERRCODE = 'ID004'; END IF;
  IF v_head <> p_after THEN RAISE EXCEPTION 'The copy ends at position %, and not at %: another copier writes it too. Wait until that has ended, and copy again.', v_head, p_after USING ERRCODE = 'ID004'; END IF;

  SELECT array_agg(coalesce(s.id, nextval('${schema}.stream_numbers')) ORDER BY w.nth), array_agg(s.id IS NULL ORDER BY w.nth),
    min(format('version %s of %s comes after version %s', w.wanted + 1, w.name, coalesce(s.version, 0))) FILTER (WHERE coalesce(s.version, 0) <> w.wanted)
  INTO v_ids, v_isnew, v_problem
  FROM unnest(r.stream_name, r.stream_wanted) WITH ORDINALITY w(name, wanted, nth)
  LEFT JOIN LATERAL (SELECT s.id, s.version FROM ${schema}.streams s WHERE s.log = p_log AND s.name = w.name LIMIT 1) s ON true;
  IF v_problem IS NOT NULL THEN RAISE EXCEPTION 'What was to be copied does not follow: %.', v_problem USING ERRCODE = 'ID004'; END IF;

  INSERT INTO ${schema}.streams (id, not_before, not_after, version, log, name)
    SELECT v_ids[w.nth], v_head + 1, v_head + v_events, w.events, p_log, w.name
    FROM unnest(r.stream_name, r.stream_events) WITH ORDINALITY w(name, events, nth) WHERE v_isnew[w.nth];
  UPDATE ${schema}.streams s SET version = s.version + w.events, not_after = v_head + v_events
    FROM unnest(r.stream_events, v_ids) WITH ORDINALITY w(events, id, nth) WHERE s.id = w.id AND NOT v_isnew[w.nth];
  INSERT INTO ${schema}.events (position, stream, recorded_at, log, kind, version, schema_version, id, content_type, valid_at, tags, metadata, data)
    SELECT v_head + e.nth, v_ids[e.stream], 'epoch'::timestamptz + e.ms * interval '1 millisecond', p_log, e.kind, r.stream_wanted[e.stream] + e.in_stream,
      e.schema, e.id, e.content, e.valid, e.tags::text[], e.metadata, e.data
    FROM unnest(r.event_stream, r.event_nth, r.event_kind, r.event_schema, r.event_id, r.event_data, r.event_metadata, r.event_content, r.event_valid,
      r.event_tags, p_recorded_ms) WITH ORDINALITY e(stream, in_stream, kind, schema, id, data, metadata, content, valid, tags, ms, nth);
  UPDATE ${schema}.kinds k SET events = k.events + n.events
    FROM (SELECT e.kind, count(*) AS events FROM unnest(r.event_kind) e(kind) GROUP BY e.kind) n WHERE k.id = n.kind;
  IF r.term IS NOT NULL THEN
    INSERT INTO ${schema}.terms (term, position, kind)
      SELECT t.term, v_head + t.event, t.kind FROM unnest(r.term_event, r.term_kind, r.term) t(event, kind, term);
  END IF;
  IF r.command_id IS NOT NULL THEN
    INSERT INTO ${schema}.commands (first_position, log, events, id)
      SELECT v_head + d.event, p_log, r.commit_events[d.commit], d.id FROM unnest(r.command_commit, r.command_event, r.command_id) d(commit, event, id);
  END IF;
  UPDATE ${schema}.logs l SET head = v_head + v_events, recorded_at = 'epoch'::timestamptz + p_recorded_ms[v_events] * interval '1 millisecond' WHERE l.id = p_log;
  PERFORM pg_notify(p_channel, p_log || ' ' || v_head + v_events);
  RETURN v_head + v_events;
END $$;

-- The commits with a command id that begin in a range. What is new in their index is taken into it first.
CREATE FUNCTION ${schema}.commands_between(p_log int4, p_low int8, p_high int8) RETURNS TABLE (first_position int8, events int4, id text)
LANGUAGE plpgsql SECURITY DEFINER ${planned} AS $$
#variable_conflict use_column
BEGIN
  IF NOT pg_is_in_recovery() THEN PERFORM brin_summarize_new_values('${schema}.commands_by_position'); END IF;
  RETURN QUERY SELECT c.first_position, c.events, c.id FROM ${schema}.commands c WHERE c.log = p_log AND c.first_position BETWEEN p_low AND p_high;
END $$;

CREATE FUNCTION ${schema}.finish_copy(p_log int4, p_copy_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE ${schema}.logs SET copy_state = NULL, copy_id = NULL WHERE id = p_log AND copy_id = p_copy_id AND copy_state = 'unfinished'
$$;

-- Closes a log for writing for one copy. Appends that are under way end first. Says for which copy it is closed.
CREATE FUNCTION ${schema}.retire_log(p_log int4, p_copy_id uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ${schema}.logs SET copy_state = 'retired', copy_id = p_copy_id WHERE id = p_log AND copy_state IS NULL;
  RETURN (SELECT copy_id FROM ${schema}.logs WHERE id = p_log AND copy_state = 'retired');
END $$;

CREATE FUNCTION ${schema}.reopen_log(p_log int4) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE ${schema}.logs SET copy_state = NULL, copy_id = NULL WHERE id = p_log AND copy_state = 'retired'
$$;
`

/** They are for whoever administers the database, and not for the role of an application. */
export const copyFunctions = [
  'open_copy',
  'receive',
  'commands_between',
  'finish_copy',
  'retire_log',
  'reopen_log',
] as const
