/**
 * The workspace file: one SQLite database with this application id and version. A later version of Engram raises
 * VERSION and adds a step to MIGRATIONS; an older one refuses a newer file.
 */
export const APPLICATION_ID = 0x454e4752 // "ENGR"
export const VERSION = 3

/** `MIGRATIONS[n]` brings a file of version n to n + 1; the first one makes a new file. */
export const MIGRATIONS = [
  `
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE drafts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- A data set: its columns without the cells as JSON (zstd), and the cells in chunks.
  CREATE TABLE datasets (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL, added_at TEXT NOT NULL, rows INTEGER NOT NULL, columns INTEGER NOT NULL,
    header BLOB NOT NULL, summary BLOB NOT NULL, roles TEXT
  ) WITHOUT ROWID;
  -- part: 0 values, 1 validity (absent where every cell of the chunk holds a value), 2 tensor.
  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, dataset TEXT NOT NULL, col INTEGER NOT NULL, part INTEGER NOT NULL, chunk INTEGER NOT NULL,
    bytes BLOB NOT NULL, UNIQUE (dataset, col, part, chunk)
  );

  CREATE TABLE experiments (
    id TEXT PRIMARY KEY, n INTEGER NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL, status TEXT NOT NULL,
    spec TEXT NOT NULL, data_hash TEXT NOT NULL, data_name TEXT NOT NULL, binned INTEGER NOT NULL DEFAULT 0,
    looks INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE TABLE runs (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, experiment TEXT NOT NULL, position INTEGER NOT NULL,
    trial TEXT NOT NULL, status TEXT NOT NULL, runtime TEXT, seconds REAL, parameters INTEGER,
    done REAL NOT NULL DEFAULT 0, "of" REAL NOT NULL DEFAULT 0, metrics TEXT NOT NULL DEFAULT '{}',
    model TEXT, predictions TEXT, error TEXT
  );
  CREATE INDEX runs_of ON runs (experiment, position);
  -- Events seq to seq + n - 1 of a run as a JSON array (zstd where that pays), each without its trial and seq, which
  -- the row already says. Rows of one run follow each other without gap or overlap.
  CREATE TABLE events (
    run INTEGER NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL, packed INTEGER NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (run, seq)
  ) WITHOUT ROWID;
  -- The newest checkpoint of a run that has not ended, with the number of the event that announced it.
  CREATE TABLE checkpoints (
    run INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, packed INTEGER NOT NULL, bytes BLOB NOT NULL
  );
  CREATE TABLE blobs (hash TEXT PRIMARY KEY, size INTEGER NOT NULL, packed INTEGER NOT NULL, bytes BLOB NOT NULL);

  -- Which process runs an experiment; beat in ms since 1970.
  CREATE TABLE leases (
    experiment TEXT PRIMARY KEY, owner TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, beat INTEGER NOT NULL
  ) WITHOUT ROWID;
  -- What finished runs taught about speed: sums over runs.
  CREATE TABLE speeds (
    method TEXT NOT NULL, runtime TEXT NOT NULL, units REAL NOT NULL, seconds REAL NOT NULL, runs INTEGER NOT NULL,
    PRIMARY KEY (method, runtime)
  ) WITHOUT ROWID;
  `,
  `
  -- What a run found besides figures, as JSON: the parameters that tuning chose.
  ALTER TABLE runs ADD COLUMN found TEXT NOT NULL DEFAULT '{}';
  `,
  `
  -- Programs as they were built, by what was asked for ("recipe") and the code that built them.
  CREATE TABLE programs (
    n INTEGER PRIMARY KEY, code TEXT NOT NULL, recipe TEXT NOT NULL, hash TEXT NOT NULL, size INTEGER NOT NULL,
    packed INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (code, recipe)
  );
  `,
]
