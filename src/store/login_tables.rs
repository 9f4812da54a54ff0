/// Who is logged in, and what scripts show instead. Of neither is there more here than a
/// hash: whoever reads the file cannot pass for them.
pub const TABLES: &str = "
CREATE TABLE session (
    hash        TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    proof       TEXT NOT NULL,
    steers      INTEGER NOT NULL,
    made        INTEGER NOT NULL,
    checked     INTEGER NOT NULL,
    expires     INTEGER NOT NULL
);
CREATE TABLE token (
    name        TEXT PRIMARY KEY,
    hash        TEXT NOT NULL UNIQUE,
    scope       TEXT NOT NULL,
    made        INTEGER NOT NULL,
    used        INTEGER
);
";
