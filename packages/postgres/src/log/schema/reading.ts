// The functions that read, with the rights of the caller. They answer with the head of the log of the same moment, so that a reader knows how far it has come.
import { planned } from './planned.ts'

/** What readers get of an event. */
const columns =
  'at int8, stream text, version int4, kind int4, schema_version int4, id uuid, recorded_ms int8, content_type text, valid_at text, tags text, metadata bytea, data bytea'
const fields =
  'e.position, s.name, e.version, e.kind, e.schema_version, e.id, (extract(epoch FROM e.recorded_at) * 1000)::int8, e.content_type, e.valid_at, array_to_json(e.tags)::text, e.metadata, e.data'

/** `schema` is a name that needs no quotes. */
export const reading = (schema: string): string => `
${matching(schema, 'forwards')}
${matching(schema, 'backwards')}
${['forwards', 'backwards'].map((direction) => events(schema, direction as Direction)).join('\n')}

-- The first events of each of several streams from a position up to another one, with the number of the stream among them.
CREATE FUNCTION ${schema}.read_streams(p_log int4, p_streams text[], p_lows int8[], p_highs int8[], p_limit int8)
RETURNS TABLE (head int8, ${columns}, nth int8) LANGUAGE plpgsql STABLE ${planned} AS $$
#variable_conflict use_column
DECLARE
  v_head int8;
BEGIN
  SELECT l.head INTO v_head FROM ${schema}.logs l WHERE l.id = p_log;
  RETURN QUERY SELECT v_head, ${fields}, a.nth
    FROM unnest(p_streams, p_lows, p_highs) WITH ORDINALITY a(name, low, high, nth)
    CROSS JOIN LATERAL (SELECT s.id, s.name, s.not_before, s.not_after FROM ${schema}.streams s WHERE s.log = p_log AND s.name = a.name LIMIT 1) s
    CROSS JOIN LATERAL (SELECT e.* FROM ${schema}.events e WHERE e.stream = s.id
      AND e.position BETWEEN greatest(a.low, s.not_before) AND least(a.high, v_head, s.not_after) ORDER BY e.position LIMIT p_limit) e
    ORDER BY a.nth, e.position;
  IF NOT FOUND THEN
    head := v_head;
    RETURN NEXT;
  END IF;
END $$;

CREATE FUNCTION ${schema}.position_at(p_log int4, p_until timestamptz) RETURNS int8 LANGUAGE plpgsql ${planned} AS $$
DECLARE
  v_low int8 := 0;
  v_high int8;
  v_middle int8;
  v_at timestamptz;
BEGIN
  SELECT head INTO v_high FROM ${schema}.logs WHERE id = p_log;
  WHILE v_low < v_high LOOP
    v_middle := v_low + (v_high - v_low + 1) / 2;
    SELECT recorded_at INTO v_at FROM ${schema}.events WHERE log = p_log AND position = v_middle;
    IF v_at <= p_until THEN v_low := v_middle; ELSE v_high := v_middle - 1; END IF;
  END LOOP;
  RETURN v_low;
END $$;
`

type Direction = 'forwards' | 'backwards'
const orders = { forwards: 'ASC', backwards: 'DESC' } as const

/**
 * The first positions of a range that match a query, which is a list of items, or null for all events. Every item is answered from the index of one of its
 * fields: of its streams, else of a term, else of its kinds.
 */
const matching = (schema: string, direction: Direction): string => {
  const order = orders[direction]
  const inRange = (position: string) => `${position} BETWEEN p_low AND p_high`
  const isOfKind = (kind: string) => `(v_kinds IS NULL OR ${kind} = ANY (v_kinds)) AND (v_reserved OR ${kind} > 0)`
  const hasTerms = (position: string) => `
        AND (v_tags IS NULL OR NOT EXISTS (SELECT FROM unnest(v_tags) g(term) WHERE NOT EXISTS (
          SELECT FROM ${schema}.terms o WHERE o.term = g.term AND o.position = ${position})))
        AND (v_correlations IS NULL OR EXISTS (SELECT FROM unnest(v_correlations) g(term) WHERE EXISTS (
          SELECT FROM ${schema}.terms o WHERE o.term = g.term AND o.position = ${position})))`
  const firstOf = (values: string, type: string, one: string) => `
      v_found := v_found || ARRAY(
        SELECT m.position FROM unnest(${values}) v(${type}) CROSS JOIN LATERAL (${one} ORDER BY 1 ${order} LIMIT p_limit) m
        ORDER BY 1 ${order} LIMIT p_limit);`
  return `
CREATE FUNCTION ${schema}.matching_${direction}(p_log int4, p_query jsonb, p_low int8, p_high int8, p_limit int8, p_reserved boolean) RETURNS SETOF int8
LANGUAGE plpgsql STABLE ${planned} AS $$
#variable_conflict use_column
DECLARE
  v_item jsonb;
  v_streams int8[];
  v_kinds int4[];
  v_tags uuid[];
  v_correlations uuid[];
  v_anchor uuid[];
  v_reserved boolean;
  v_found int8[] := '{}';
BEGIN
  IF p_query IS NULL THEN
    RETURN QUERY SELECT e.position FROM ${schema}.events e WHERE e.log = p_log AND ${inRange('e.position')} AND (p_reserved OR e.kind > 0)
      ORDER BY e.position ${order} LIMIT p_limit;
    RETURN;
  END IF;
  FOR v_item IN SELECT jsonb_array_elements(p_query) LOOP
    v_reserved := p_reserved OR v_item ?| ARRAY['streams', 'categories', 'types'];
    v_tags := ARRAY(SELECT DISTINCT t.term::uuid FROM jsonb_array_elements_text(v_item -> 'tags') t(term));
    IF v_tags = '{}' THEN v_tags := NULL; END IF;
    v_correlations := ARRAY(SELECT DISTINCT t.term::uuid FROM jsonb_array_elements_text(v_item -> 'correlations') t(term));
    IF v_correlations = '{}' THEN v_correlations := NULL; END IF;
    v_kinds := NULL;
    IF v_item ?| ARRAY['categories', 'types'] THEN
      v_kinds := ARRAY(
        SELECT k.id FROM ${schema}.kinds k WHERE k.log = p_log
          AND (NOT v_item ? 'types' OR v_item -> 'types' ? k.type)
          AND (NOT v_item ? 'categories' OR v_item -> 'categories' ? k.category OR (k.id < 0 AND v_item -> 'categories' ? '$')));
      CONTINUE WHEN v_kinds = '{}';
    END IF;

    IF v_item ? 'streams' THEN
      v_streams := ARRAY(
        SELECT s.id FROM jsonb_array_elements_text(v_item -> 'streams') g(name)
        CROSS JOIN LATERAL (SELECT s.id FROM ${schema}.streams s
          WHERE s.log = p_log AND s.name = g.name AND s.not_after >= p_low AND s.not_before <= p_high LIMIT 1) s);
      ${firstOf(
        'v_streams',
        'stream',
        `
          SELECT e.position FROM ${schema}.events e WHERE e.stream = v.stream AND ${inRange('e.position')} AND ${isOfKind('e.kind')}${hasTerms('e.position')}`,
      )}
    ELSIF v_tags IS NOT NULL OR v_correlations IS NOT NULL THEN
      v_anchor := v_correlations;
      IF v_anchor IS NULL THEN
        -- The tag that is rarest in this range, as far as a short look can say.
        SELECT ARRAY[g.term] INTO v_anchor FROM unnest(v_tags) g(term)
        ORDER BY CASE WHEN cardinality(v_tags) = 1 THEN 0 ELSE (
          SELECT count(*) FROM (SELECT FROM ${schema}.terms t WHERE t.term = g.term AND ${inRange('t.position')} LIMIT 200) few) END LIMIT 1;
      END IF;
      ${firstOf(
        'v_anchor',
        'term',
        `
          SELECT t.position FROM ${schema}.terms t WHERE t.term = v.term AND ${inRange('t.position')} AND ${isOfKind('t.kind')}${hasTerms('t.position')}`,
      )}
    ELSE
      ${firstOf(
        'v_kinds',
        'kind',
        `
          SELECT e.position FROM ${schema}.events e WHERE e.kind = v.kind AND ${inRange('e.position')} AND (v_reserved OR e.kind > 0)`,
      )}
    END IF;
  END LOOP;
  IF jsonb_array_length(p_query) = 1 AND cardinality(v_found) <= 1 THEN
    RETURN QUERY SELECT unnest(v_found);
  ELSE
    RETURN QUERY SELECT DISTINCT f.position FROM unnest(v_found) f(position) ORDER BY 1 ${order} LIMIT p_limit;
  END IF;
END $$;`
}

/** Events of a range, and the head: of a query, of one stream, and all of them. Where there is none, one row with the head alone. */
const events = (schema: string, direction: Direction): string => {
  const order = orders[direction]
  const define = (name: string, parameters: string, { find = '', from }: { find?: string; from: string }) => `
CREATE FUNCTION ${schema}.${name}_${direction}(p_log int4, ${parameters}, p_low int8, p_high int8, p_limit int8)
RETURNS TABLE (head int8, ${columns}) LANGUAGE plpgsql STABLE ${planned} AS $$
#variable_conflict use_column
DECLARE
  v_head int8;
  v_stream record;
BEGIN
  SELECT l.head INTO v_head FROM ${schema}.logs l WHERE l.id = p_log;
  ${find}
  RETURN QUERY SELECT v_head, ${fields} FROM ${from} ORDER BY e.position ${order} LIMIT p_limit;
  IF NOT FOUND THEN
    head := v_head;
    RETURN NEXT;
  END IF;
END $$;`
  // The limits keep the planner from reading whole tables to join them.
  const nameOf = `CROSS JOIN LATERAL (SELECT s.name FROM ${schema}.streams s WHERE s.id = e.stream LIMIT 1) s`
  const upToHead = 'e.position BETWEEN p_low AND least(p_high, v_head)'
  return [
    define('read_query', 'p_query jsonb, p_reserved boolean', {
      from: `${schema}.matching_${direction}(p_log, p_query, p_low, least(p_high, v_head), p_limit, p_reserved) m(position)
    CROSS JOIN LATERAL (SELECT * FROM ${schema}.events e WHERE e.log = p_log AND e.position = m.position LIMIT 1) e ${nameOf}`,
    }),
    define('read_stream', 'p_stream text', {
      find: `SELECT s.id, s.name, s.not_before, s.not_after INTO v_stream FROM ${schema}.streams s WHERE s.log = p_log AND s.name = p_stream;`,
      from: `(SELECT e.* FROM ${schema}.events e WHERE e.stream = v_stream.id
      AND e.position BETWEEN greatest(p_low, v_stream.not_before) AND least(p_high, v_head, v_stream.not_after)) e
    CROSS JOIN (SELECT v_stream.name) s(name)`,
    }),
    define('read_all', 'p_reserved boolean', {
      from: `${schema}.events e ${nameOf} WHERE e.log = p_log AND ${upToHead} AND (p_reserved OR e.kind > 0)`,
    }),
  ].join('')
}
