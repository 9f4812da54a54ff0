//! `djbuild prune`.

use super::{THEN, record, says, state};
use crate::common::User;

#[test]
fn pruning_says_what_it_frees_and_a_dry_run_frees_nothing() {
    let user = User::new();
    for number in 1..5 {
        record(
            &user,
            &format!("2026110{number}-000001-aaaa"),
            THEN + number,
        );
    }
    let keep = ["prune", "--keep-runs", "2", "--keep-for", "9999d"];
    let mut dry = keep.to_vec();
    dry.push("--dry-run");
    says(
        user.run(&dry).exits_with(0),
        &[
            "would remove run 20261101-000001-aaaa",
            "beyond the newest 2 runs",
            "would free",
        ],
    );
    assert_eq!(state(&user).runs().expect("readable").count(), 4);
    says(
        user.run(&keep).exits_with(0),
        &["removing run 20261102", "freed"],
    );
    assert_eq!(state(&user).runs().expect("readable").count(), 2);
    says(user.run(&keep).exits_with(0), &["nothing to remove"]);
    says(
        user.run(&["prune", "--keep-size", "0", "--keep-for", "1s"])
            .exits_with(0),
        &["removing run 20261103"],
    );
    assert_eq!(
        state(&user).runs().expect("readable").count(),
        1,
        "the last stays"
    );
}
