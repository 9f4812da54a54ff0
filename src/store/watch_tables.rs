/// What a watcher keeps, beside the runs it is about.
pub const TABLES: &str = "
CREATE TABLE repository (
    place       TEXT PRIMARY KEY,
    polled      INTEGER,
    good        INTEGER,
    failures    INTEGER NOT NULL DEFAULT 0,
    trouble     TEXT,
    next        INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE branch (
    repository  TEXT NOT NULL,
    name        TEXT NOT NULL,
    tip         TEXT NOT NULL,
    position    INTEGER NOT NULL,
    born        INTEGER NOT NULL,
    moved       INTEGER NOT NULL,
    gone        INTEGER,
    trouble     TEXT,
    PRIMARY KEY (repository, name)
);
CREATE TABLE change (
    id          INTEGER PRIMARY KEY,
    repository  TEXT NOT NULL,
    branch      TEXT NOT NULL,
    revision    TEXT NOT NULL,
    turn        INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    author      TEXT NOT NULL,
    committed   INTEGER NOT NULL,
    subject     TEXT NOT NULL,
    files       TEXT,
    seen        INTEGER NOT NULL,
    UNIQUE (repository, branch, revision, turn),
    UNIQUE (repository, branch, position)
);
CREATE TABLE scheduler (
    name        TEXT PRIMARY KEY,
    began       INTEGER NOT NULL,
    fired       INTEGER,
    word        TEXT
);
CREATE TABLE interest (
    scheduler   TEXT NOT NULL,
    repository  TEXT NOT NULL,
    branch      TEXT NOT NULL,
    completed   TEXT,
    at          INTEGER,
    cancelled   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (scheduler, repository, branch)
);
CREATE TABLE pause (
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    who         TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);
CREATE TABLE pending (
    scheduler   TEXT NOT NULL,
    change      INTEGER NOT NULL REFERENCES change (id) ON DELETE CASCADE,
    since       INTEGER NOT NULL,
    PRIMARY KEY (scheduler, change)
);
CREATE TABLE request (
    id          INTEGER PRIMARY KEY,
    repository  TEXT NOT NULL,
    branch      TEXT NOT NULL,
    revision    TEXT NOT NULL,
    scheduler   TEXT NOT NULL,
    cause       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    position    INTEGER NOT NULL,
    job         TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    locks       TEXT NOT NULL,
    who         TEXT NOT NULL,
    reason      TEXT NOT NULL,
    made        INTEGER NOT NULL,
    state       TEXT NOT NULL,
    cancel      TEXT,
    ended       INTEGER,
    outcome     TEXT,
    word        TEXT,
    superseded  INTEGER REFERENCES request (id),
    followed    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (repository, branch, revision, scheduler, cause)
);
CREATE INDEX request_by_state ON request (state);
CREATE INDEX request_unfollowed ON request (id) WHERE state = 'ended' AND followed = 0;
CREATE TABLE covers (
    request     INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
    change      INTEGER NOT NULL REFERENCES change (id) ON DELETE CASCADE,
    PRIMARY KEY (request, change)
);
CREATE TABLE attempt (
    request     INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    run         TEXT UNIQUE,
    began       INTEGER NOT NULL,
    ended       INTEGER,
    outcome     TEXT,
    PRIMARY KEY (request, number)
);
CREATE TABLE standing (
    repository  TEXT NOT NULL,
    branch      TEXT NOT NULL,
    question    TEXT NOT NULL,
    cell        TEXT NOT NULL,
    state       TEXT NOT NULL,
    position    INTEGER NOT NULL,
    run         TEXT NOT NULL,
    since       INTEGER NOT NULL,
    first       INTEGER NOT NULL,
    good        INTEGER,
    failing     TEXT NOT NULL,
    turns       TEXT NOT NULL,
    PRIMARY KEY (repository, branch, question, cell)
);
CREATE TABLE notice (
    number      INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    receiver    TEXT NOT NULL,
    body        TEXT NOT NULL,
    made        INTEGER NOT NULL,
    state       TEXT NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0,
    next        INTEGER NOT NULL,
    trouble     TEXT,
    sent        INTEGER
);
CREATE INDEX notice_by_state ON notice (state, receiver);
CREATE TABLE beat (
    part        TEXT PRIMARY KEY,
    at          INTEGER NOT NULL
);
";
