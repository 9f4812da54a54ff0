//! What is heard while a page is looked at.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::world::World;

/// Follows the changes, after those that were heard before.
fn follow(world: &World, last: Option<&str>) -> BufReader<TcpStream> {
    let address = world.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a time");
    let last = last.map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
    write!(
        stream,
        "GET /events HTTP/1.1\r\nHost: {address}\r\n{last}\r\n"
    )
    .expect("written");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).expect("a head") > 0, "{head}");
    }
    assert!(head.contains("text/event-stream"), "{head}");
    assert!(head.contains("x-accel-buffering: no"), "{head}");
    reader
}

/// The number of the next change.
fn next(reader: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        assert!(
            reader.read_line(&mut line).expect("in time") > 0,
            "it ended"
        );
        if let Some(id) = line.strip_prefix("id: ") {
            return id.trim().to_owned();
        }
    }
}

#[test]
fn whoever_follows_hears_of_each_change_and_of_what_they_missed() {
    let world = World::new();
    let mut first = follow(&world, None);
    let before = next(&mut first);
    let mut farm = world.state.farm().expect("writable");
    let change = |farm: &mut djbuild::store::farm::Farm| {
        farm.within(|book| book.beat("scheduler", djbuild::watch::now()))
            .expect("writable");
    };
    std::thread::sleep(Duration::from_millis(1200));
    change(&mut farm);
    let after = next(&mut first);
    assert_ne!(before, after);
    let mut again = follow(&world, Some(&before));
    assert!(next(&mut again) >= after, "told at once of what was missed");
}

#[test]
fn whoever_follows_is_told_every_few_seconds_that_somebody_is_there() {
    let world = World::new();
    let mut reader = follow(&world, None);
    let mut line = String::new();
    while line.trim() != "event: here" {
        line.clear();
        assert!(reader.read_line(&mut line).expect("in time") > 0);
    }
}

#[test]
fn two_hundred_follow_and_the_page_still_closes_at_once() {
    let world = World::new();
    let readers: Vec<_> = (0..200).map(|_| follow(&world, None)).collect();
    assert_eq!(world.get("/").status, 200);
    let began = Instant::now();
    world.close();
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    let mut ended = 0;
    for mut reader in readers {
        let mut rest = String::new();
        ended += u32::from(reader.read_to_string(&mut rest).is_ok());
    }
    assert_eq!(ended, 200);
}
