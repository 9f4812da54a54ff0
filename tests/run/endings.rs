//! Runs that end before their time.

use std::fs;
use std::path::Path;

use crate::common::{DATABASE, Going, PYTHON, User, shell};

/// A run on this database in which a test hangs, once it does.
fn hanging(user: &User, checkout: &Path, database: &str) -> Going {
    let words = [
        "run",
        "djbuild_awkward.hang",
        "--parallel",
        "1",
        "--python",
        PYTHON,
        "--database",
        database,
        "--format",
        "json",
        "--quiet-timeout",
        "15s",
    ];
    let mut going = Going::start(user.djbuild_in(checkout, &words));
    going.wait_for("test_started");
    going
}

#[test]
fn an_interrupt_stops_the_run_and_two_stop_it_at_once_and_nothing_is_left() {
    let user = User::new();
    let checkout = user.checkout();
    for times in [1, 2] {
        let going = hanging(&user, &checkout, DATABASE);
        for _ in 0..times {
            going.signal("INT");
        }
        let (status, events) = going.end();
        assert_eq!(status, Some(130), "{times}");
        assert!(events.iter().any(|event| event["outcome"] == "cancelled"));
        assert_eq!(user.left(), Vec::<String>::new(), "after {times}");
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_command_and_a_live_run_is_left_alone() {
    let user = User::new();
    let checkout = user.checkout();
    let dead = hanging(&user, &checkout, DATABASE);
    dead.signal("KILL");
    dead.end();
    assert_eq!(
        user.left().len(),
        3,
        "a cell, a server and a network: {:?}",
        user.left()
    );

    let live = hanging(&user, &checkout, DATABASE);
    assert_eq!(
        user.left().len(),
        3,
        "the dead run's things are gone: {:?}",
        user.left()
    );
    let clean = user.run(&["clean"]);
    clean.exits_with(0);
    assert!(
        clean
            .stdout
            .contains("left alone: 3 things of runs that go on"),
        "{}",
        clean.stdout
    );
    assert_eq!(user.left().len(), 3);
    live.signal("INT");
    assert_eq!(live.end().0, Some(130));
    assert_eq!(user.left(), Vec::<String>::new());
}

#[test]
fn a_database_killed_mid_run_is_noticed_and_its_cell_runs_once_more() {
    let user = User::new();
    let checkout = user.checkout();
    let mut going = hanging(&user, &checkout, DATABASE);
    let owner = fs::read_to_string(user.folder().join("state/owner")).expect("an owner");
    shell(&format!(
        "docker kill $(docker ps -q --filter label=djbuild.service={DATABASE} --filter label=djbuild.owner={owner})"
    ));
    let second = going.wait_for("cell_started");
    assert_eq!(second["attempt"], 2);
    let (status, events) = going.end();
    assert_eq!(status, Some(1));
    let last = events
        .iter()
        .rfind(|event| event["event"] == "cell_finished")
        .expect("it finished");
    assert_eq!(
        last["cause"], "hung",
        "the second attempt had a database: {last}"
    );
    assert!(events.iter().any(|event| event["event"] == "service_died"));
    assert_eq!(user.left(), Vec::<String>::new());
}
