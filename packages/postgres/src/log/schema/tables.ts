// The tables of event logs. Events and terms are only ever added to. The other tables are small, or can be derived from the events again.

/** `schema` is a name that needs no quotes. */
export const tables = (schema: string): string => `
CREATE TABLE ${schema}.layout (version int4 NOT NULL, partition_events int8 NOT NULL, stretch_events int4 NOT NULL);

-- A page holds few rows, so that moving a head rewrites a row in its own page.
CREATE TABLE ${schema}.logs (
  id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  -- Part of each term, so that no two logs of a schema may have the same.
  log_id uuid NOT NULL UNIQUE,
  head int8 NOT NULL DEFAULT 0,
  recorded_at timestamptz(3),
  -- Of a log that nobody appends to: 'unfinished', a copy, or 'retired', because its history goes on in a copy.
  copy_state text,
  copy_id uuid
) WITH (fillfactor = 10);

-- The last batch of each writer: what became of it, where the connection broke before the answer. \`head\` is null if it was given up.
CREATE TABLE ${schema}.writers (
  log int4 NOT NULL,
  writer uuid NOT NULL,
  batch int8 NOT NULL,
  head int8,
  recorded_at timestamptz(3) NOT NULL,
  failures text,
  PRIMARY KEY (log, writer)
) WITH (fillfactor = 10);

-- A category and a type of event that occur together. Those of reserved events have negative numbers.
CREATE SEQUENCE ${schema}.kind_numbers AS int4;
CREATE TABLE ${schema}.kinds (
  id int4 PRIMARY KEY,
  log int4 NOT NULL,
  events int8 NOT NULL DEFAULT 0,
  category text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  UNIQUE (log, category, type)
) WITH (fillfactor = 40);

-- \`not_before\` and \`not_after\` enclose the positions of its events.
CREATE SEQUENCE ${schema}.stream_numbers AS int8;
CREATE TABLE ${schema}.streams (
  id int8 PRIMARY KEY,
  not_before int8 NOT NULL,
  not_after int8 NOT NULL,
  version int4 NOT NULL,
  log int4 NOT NULL,
  name text COLLATE "C" NOT NULL,
  UNIQUE (log, name)
) WITH (fillfactor = 80);

CREATE TABLE ${schema}.commands (
  first_position int8 NOT NULL,
  log int4 NOT NULL,
  events int4 NOT NULL,
  id text COLLATE "C" NOT NULL,
  PRIMARY KEY (log, id)
);
-- For copies, which need them in the order of the log. Almost nothing to keep: rows come in that order.
CREATE INDEX commands_by_position ON ${schema}.commands USING brin (first_position) WITH (pages_per_range = 16);

CREATE TABLE ${schema}.events (
  position int8 NOT NULL,
  stream int8 NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  log int4 NOT NULL,
  kind int4 NOT NULL,
  version int4 NOT NULL,
  schema_version int4 NOT NULL,
  id uuid NOT NULL,
  content_type text,
  valid_at text,
  tags text[],
  metadata bytea NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (log, position)
) PARTITION BY RANGE (position);
CREATE INDEX ON ${schema}.events (stream, position);
CREATE INDEX ON ${schema}.events (kind, position);

-- Tags and correlation ids, each as the first 16 bytes of a SHA-256 over the log and the text.
CREATE TABLE ${schema}.terms (
  term uuid NOT NULL,
  position int8 NOT NULL,
  kind int4 NOT NULL,
  PRIMARY KEY (term, position) INCLUDE (kind)
) PARTITION BY RANGE (position);

-- Replay columns: the events of a whole stretch of the log in another form, which is faster to fold. Derived: they are made again where they are missing.
-- Without columns, the events of the stretch are not suited to them. \`payloads\` has the bytes that JSON does not give back.
CREATE TABLE ${schema}.columns (
  log int4 NOT NULL,
  stretch int4 NOT NULL,
  columns bytea,
  payloads bytea,
  -- CRC-32 of both.
  checksum int8,
  PRIMARY KEY (log, stretch)
);
ALTER TABLE ${schema}.columns ALTER columns SET STORAGE EXTERNAL, ALTER payloads SET STORAGE EXTERNAL;

-- Some commits of a batch of which none can meet a conflict with another one. Commits are numbered from 1 in each round, and so are streams and events.
CREATE TYPE ${schema}.round AS (
  commit_events int4[],
  command_commit int4[], command_event int4[], command_id text[],
  stream_commit int4[], stream_name text[], stream_wanted int8[], stream_events int4[],
  condition_commit int4[], condition_after int8[], condition_query text[],
  event_commit int4[], event_stream int4[], event_nth int4[], event_kind int4[], event_schema int4[], event_id uuid[],
  event_data bytea[], event_metadata bytea[], event_content text[], event_valid text[], event_tags text[],
  term_commit int4[], term_event int4[], term_kind int4[], term uuid[]
);
`
