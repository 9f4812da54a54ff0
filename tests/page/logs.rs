//! Logs of cells, which may be long.

use crate::world::{CELLS, GOING, GREEN, HOSTILE, RED, World};

fn log(run: &str, more: &str) -> String {
    format!("/runs/{run}/log/{}{more}", CELLS[0])
}

/// The numbers of the lines that are shown.
fn lines(body: &str) -> Vec<usize> {
    let parts = body.split("<span id=\"L").skip(1);
    parts
        .map(|part| {
            part.split('"')
                .next()
                .expect("a number")
                .parse()
                .expect("a number")
        })
        .collect()
}

#[test]
fn a_log_opens_some_lines_before_the_first_failure() {
    let world = World::new();
    let body = world.get(&log(RED, "")).body;
    let shown = lines(&body);
    let mark = body.find("class=\"mark\"").expect("the failure is marked");
    assert!(body[..mark].contains("line 299"), "{body}");
    assert!(!body.contains("line 100 "), "it is far above");
    assert!(shown[0] > 150 && shown.len() == 1000, "{shown:?}");
    assert!(body.contains("more lines"), "there are more behind");
    assert!(body.trim_end().ends_with("</html>"));
}

#[test]
fn a_log_without_a_failure_opens_at_its_beginning_and_is_read_on() {
    let world = World::new();
    let body = world.get(&log(GREEN, "")).body;
    assert_eq!(lines(&body)[..3], [1, 2, 3]);
    let more = body
        .split("?from=")
        .last()
        .expect("a link")
        .split('"')
        .next();
    let more = more.expect("a number");
    let end = world.get(&log(GREEN, "?from=end")).body;
    assert!(end.contains("── passed"), "{end}");
    assert!(end.contains("earlier lines"), "{end}");
    assert!(more == "end" || more.parse::<usize>().is_ok());
    let at = world.get(&log(GREEN, "?from=500")).body;
    assert_eq!(lines(&at)[0], 500);
}

#[test]
fn a_log_is_searched_and_what_is_found_leads_to_its_place() {
    let world = World::new();
    let body = world.get(&log(RED, "?q=LATER+77")).body;
    let found = lines(&body);
    assert_eq!(found.len(), 11, "later 77 and 770 to 779: {found:?}");
    assert!(body.contains("?from="), "{body}");
    let none = world.get(&log(RED, "?q=%3Cnowhere%3E")).body;
    assert!(none.contains("No line is like that"), "{none}");
    assert!(!none.contains("<nowhere>"), "{none}");
}

#[test]
fn a_log_is_had_as_it_was_written() {
    let world = World::new();
    let answer = world.get(&format!("/runs/{RED}/raw/{}", CELLS[0]));
    assert!(answer.header("content-type").starts_with("text/plain"));
    assert!(
        answer.body.contains(&format!("line 7 of {HOSTILE}")),
        "to the byte"
    );
}

#[test]
fn the_log_of_a_cell_that_goes_on_shows_its_end_and_is_asked_for_again() {
    let world = World::new();
    let body = world.get(&log(GOING, "")).body;
    assert!(body.contains("data-every"), "{body}");
    assert!(body.contains("test_one"), "{body}");
}
