// The tables of what is kept beside the events of a log. All of it can be written again; the application changes and deletes rows here.

/** Who may write the log may change these. */
export const keptTables = ['records', 'snapshots', 'proof_files', 'proof_keys', 'processes', 'leases'] as const

/** `schema` is a name that needs no quotes. */
export const kept = (schema: string): string => `
-- What is kept of consumers. The text is JSON, which may have characters that jsonb refuses.
CREATE TABLE ${schema}.records (
  log int4 NOT NULL,
  name text COLLATE "C" NOT NULL,
  revision int8 NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (log, name)
) WITH (fillfactor = 50);

CREATE TABLE ${schema}.snapshots (
  version int8 NOT NULL,
  position int8 NOT NULL,
  log int4 NOT NULL,
  stream text COLLATE "C" NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  snapshot text NOT NULL,
  PRIMARY KEY (log, stream, fingerprint, version)
);

CREATE TABLE ${schema}.proof_files (
  token int8 NOT NULL,
  log int4 NOT NULL,
  path text COLLATE "C" NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (log, path)
);

-- Private keys: whoever can read this table can sign.
CREATE TABLE ${schema}.proof_keys (log int4 PRIMARY KEY, keys text NOT NULL);

-- The processes that share a log. Their rows are written every half second, so they stay on few pages and in no index but one.
CREATE TABLE ${schema}.processes (
  alive_until timestamptz NOT NULL,
  log int4 NOT NULL,
  id text COLLATE "C" NOT NULL,
  PRIMARY KEY (log, id)
) WITH (fillfactor = 20);

-- Whoever has the highest token of a lease holds it, as long as that process is alive.
CREATE TABLE ${schema}.leases (
  token int8 NOT NULL,
  log int4 NOT NULL,
  name text COLLATE "C" NOT NULL,
  holder text COLLATE "C",
  report text,
  PRIMARY KEY (log, name)
) WITH (fillfactor = 20);
`
