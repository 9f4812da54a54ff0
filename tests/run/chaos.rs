//! A few of the blows of `scripts/chaos.py`, on two databases: `make chaos` strikes
//! hundreds, and harder.

use std::path::Path;
use std::process::Command;

use crate::common::{self, DATABASE};

/// Those that need neither root nor minutes.
const KINDS: [&str; 9] = [
    "kill -9",
    "SIGINT",
    "SIGINT twice",
    "SIGSTOP, SIGCONT",
    "cell killed, removed",
    "database struck",
    "connections cut",
    "network refused",
    "nobody reads",
];

#[test]
fn a_run_that_is_struck_loses_no_cell_gives_no_wrong_verdict_leaves_nothing_and_ends() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut bench = Command::new("python3");
    bench
        .arg(project.join("scripts/chaos.py"))
        .args(["--blows", "9", "--lanes", "2", "--seed", "8"])
        .args(["--database", "sqlite", "--database", DATABASE])
        .env("DJBUILD", env!("CARGO_BIN_EXE_djbuild"))
        .env("DJBUILD_CACHE_DIR", common::cache());
    for kind in KINDS {
        bench.args(["--kind", kind]);
    }
    let output = bench.output().expect("python3 starts");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
