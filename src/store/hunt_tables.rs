/// The search for commits that broke cells: what is searched, and what was found out on the
/// way. A hunt's `good` and `bad` are places of commits; what lies between is suspected.
pub const TABLES: &str = "
ALTER TABLE change ADD COLUMN parents TEXT;
CREATE TABLE hunt (
    id          INTEGER PRIMARY KEY,
    request     INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
    run         TEXT NOT NULL,
    repository  TEXT NOT NULL,
    branch      TEXT NOT NULL,
    question    TEXT NOT NULL,
    cell        TEXT NOT NULL,
    cells       TEXT NOT NULL,
    among       TEXT NOT NULL,
    good        INTEGER NOT NULL,
    bad         INTEGER NOT NULL,
    failing     TEXT NOT NULL,
    made        INTEGER NOT NULL,
    state       TEXT NOT NULL,
    ended       INTEGER,
    culprit     TEXT,
    word        TEXT,
    UNIQUE (request, cell)
);
CREATE INDEX hunt_by_state ON hunt (state);
CREATE TABLE probe (
    hunt        INTEGER NOT NULL REFERENCES hunt (id) ON DELETE CASCADE,
    request     INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
    revision    TEXT NOT NULL,
    verdict     TEXT,
    PRIMARY KEY (hunt, request)
);
";
