//! What pages show, and to whom.

use std::collections::BTreeSet;

use djbuild::spec::{Page, Readers};
use serde_json::Value;

use crate::world::{CELLS, GOING, GREEN, HOSTILE, RED, World, outside, page};

/// Pages with what they show as JSON.
fn pages() -> Vec<(String, String)> {
    let test = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect::<String>();
    [
        ("/".to_owned(), "/api/v1/status".to_owned()),
        same("/console"),
        same("/console?by=cells"),
        same("/queue"),
        same("/runs"),
        same("/runs?outcome=failed"),
        same(&format!("/runs/{RED}")),
        same(&format!("/runs/{RED}?to={GREEN}")),
        same(&format!("/runs/{GOING}")),
        same(&format!("/runs/{RED}/cells/{}", CELLS[0])),
        same(&format!("/test?test={test}&cell={}", CELLS[0])),
        same("/requests/2"),
        same("/requests/3"),
        same("/notices"),
        same("/machine"),
        same("/waterfall?hours=720"),
    ]
    .to_vec()
}

fn same(path: &str) -> (String, String) {
    (path.to_owned(), format!("/api/v1{path}"))
}

/// What a page has to show of what the API gives: names of things.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    const SHOWN: [&str; 6] = ["run", "cell", "subject", "author", "receiver", "headline"];
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(word) if SHOWN.contains(&key.as_str()) => {
                        found.insert(word.clone());
                    }
                    value => names(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[test]
fn what_the_api_names_the_page_shows() {
    let world = World::new();
    for (page, api) in pages() {
        let shown = world.get(&page);
        assert_eq!(shown.status, 200, "{page}: {}", shown.body);
        let mut wanted = BTreeSet::new();
        names(&world.json(&api), &mut wanted);
        for name in wanted {
            let html = name
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&#34;")
                .replace('\'', "&#39;")
                .replace('\u{1b}', "\\x1b")
                .replace('\u{202e}', "\\u{202e}");
            let is_cell = name.starts_with("main-python");
            let is_shown = shown.body.contains(&html)
                || is_cell
                    && name
                        .split('-')
                        .skip(1)
                        .all(|part| shown.body.contains(part.trim_start_matches("python")));
            assert!(is_shown, "{page} does not show {html}:\n{}", shown.body);
        }
    }
}

#[test]
fn whatever_commits_branches_tests_and_logs_say_is_text() {
    let world = World::new();
    let logs = [
        format!("/runs/{RED}/log/{}", CELLS[0]),
        "/atom.xml".to_owned(),
        "/nothing/<script>".replace('<', "%3C").replace('>', "%3E"),
        "/login?next=%22%3E%3Cscript%3E".to_owned(),
    ];
    let all = pages().into_iter().map(|(page, _)| page).chain(logs);
    for page in all {
        let body = world.get(&page).body;
        for bad in ["<script>alert", "\u{1b}", "\u{202e}", "\"><script"] {
            assert!(!body.contains(bad), "{page} has {bad:?}");
        }
    }
    let branch = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect::<String>();
    let badge = world.get(&format!("/badge/{}.svg", branch.replace('+', "%20")));
    assert!(!badge.body.contains("<script>alert"), "{}", badge.body);
}

#[test]
fn every_link_leads_somewhere_and_none_is_loaded_from_elsewhere() {
    let world = World::new();
    let mut seen = BTreeSet::new();
    let mut next = vec!["/".to_owned()];
    while let Some(path) = next.pop() {
        if !seen.insert(path.clone()) || seen.len() > 400 {
            continue;
        }
        let answer = world.get(&path);
        let is_act = path.starts_with("/act/");
        assert!(
            answer.status == 200 || is_act && answer.status == 303,
            "{path}: {} {}",
            answer.status,
            answer.body
        );
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        for part in answer.body.split('<').skip(1) {
            let tag = part.split('>').next().unwrap_or_default();
            let value = |name: &str| {
                let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
                Some(
                    rest.split('"')
                        .next()?
                        .replace("&amp;", "&")
                        .replace("&#38;", "&"),
                )
            };
            if let Some(source) = value("src") {
                assert!(
                    source.starts_with('/') && !source.starts_with("//"),
                    "{path}: {source}"
                );
            }
            let Some(href) = value("href") else { continue };
            if href.starts_with("http") {
                assert!(tag.starts_with("a "), "{path} loads {href}");
                assert!(
                    tag.contains("noreferrer"),
                    "{path} tells {href} where it is from"
                );
                continue;
            }
            let href = href.split('#').next().unwrap_or_default();
            let is_base = tag.starts_with("base ");
            if !href.is_empty() && !is_base {
                next.push(format!("/{}", href.trim_start_matches('/')));
            }
        }
    }
    assert!(seen.len() > 30, "{seen:?}");
}

#[test]
fn every_answer_forbids_what_it_does_not_need() {
    let world = World::new();
    for page in [
        "/",
        "/nothing",
        "/style.css",
        "/login",
        "/api/v1/status",
        "/metrics",
    ] {
        let answer = world.get(page);
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{page}");
        assert!(!policy.contains("unsafe"), "{page}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{page}");
        assert!(!answer.body.contains(" style=\""), "{page}");
        assert!(!answer.body.contains(" onclick"), "{page}");
    }
}

#[test]
fn a_page_that_somebody_has_is_not_sent_again() {
    let world = World::new();
    let first = world.get("/runs");
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty());
    let again = world.get_with("/runs", &[("if-none-match", &tag)]);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    // As proxies make of it.
    let strong = tag.trim_start_matches("W/").to_owned();
    for known in [strong.as_str(), &format!("\"x\", {strong}"), "*"] {
        let again = world.get_with("/runs", &[("if-none-match", known)]);
        assert_eq!(again.status, 304, "{known}");
    }
    let lines = [("if-none-match", "\"x\""), ("if-none-match", &tag)];
    assert_eq!(world.get_with("/runs", &lines).status, 304);
    let other = world.get_with("/runs", &[("if-none-match", "\"x\", W/\"y\"")]);
    assert_eq!(other.status, 200);
}

#[test]
fn a_page_says_which_of_the_pages_it_is() {
    let world = World::new();
    for (path, named) in [
        ("/".to_owned(), "Status"),
        ("/console?branch=main".to_owned(), "Console"),
        (format!("/runs/{RED}"), "Runs"),
    ] {
        let body = world.get(&path).body;
        assert_eq!(body.matches("aria-current").count(), 1, "{path}");
        let marked = format!("aria-current=\"page\">{named}</a>");
        assert!(body.contains(&marked), "{path}");
    }
}

#[test]
fn what_makes_no_sense_is_told_and_nothing_breaks() {
    let world = World::new();
    let file = outside(world.folder.path());
    assert!(file.is_file());
    for (path, status) in [
        ("/runs/..%2f..%2foutside.txt", 404),
        ("/runs/%2e%2e", 404),
        ("/runs/none", 404),
        (&*format!("/runs/{RED}/cells/../../x"), 404),
        (&*format!("/runs/{RED}/log/none"), 404),
        (&*format!("/runs/{RED}/raw/..%2f..%2fsummary"), 404),
        (&*format!("/runs/{RED}/log/{}?from=x", CELLS[0]), 400),
        (&*format!("/runs/{RED}?to=none"), 404),
        ("/requests/x", 404),
        ("/requests/99999999999999999999", 404),
        ("/console?branch=none", 404),
        ("/console?last=x", 400),
        ("/console?last=999999999", 200),
        ("/runs?page=0", 200),
        ("/runs?page=999999", 200),
        ("/test", 400),
        ("/test?test=%00%ff", 200),
        ("/badge/none.svg", 404),
        ("/act/none", 404),
        ("/waterfall?hours=99999999999", 400),
        ("/api/v1/nothing", 404),
    ] {
        let answer = world.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(!answer.body.contains("nobody's business"), "{path}");
        if path.starts_with("/api") {
            let said: Value = serde_json::from_str(&answer.body).expect("JSON");
            assert!(said["error"].is_string());
        }
    }
}

#[test]
fn the_description_of_the_api_has_every_address_that_answers() {
    let world = World::new();
    let document = world.json("/api/v1/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    for (_, api) in pages() {
        let path = api.split('?').next().expect("a path");
        let is_like = |known: &String| {
            let known: Vec<&str> = known.split('/').collect();
            let path: Vec<&str> = path.split('/').collect();
            known.len() == path.len()
                && known
                    .iter()
                    .zip(&path)
                    .all(|(one, other)| one.starts_with('{') || one == other)
        };
        assert!(paths.keys().any(is_like), "{path}: {:?}", paths.keys());
    }
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().expect("a name");
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}

#[test]
fn below_a_path_every_link_has_it_and_a_proxy_may_leave_it_or_not() {
    let world = World::with(
        Page {
            url: Some("https://ci.example.org/django".to_owned()),
            ..page()
        },
        Readers::Everybody,
    );
    for path in [
        "/",
        "/django/",
        "/runs",
        "/django/runs",
        "/django/api/v1/status",
    ] {
        assert_eq!(world.get(path).status, 200, "{path}");
    }
    let body = world.get("/django/runs").body;
    assert!(body.contains("<base href=\"/django/\">"), "{body}");
    assert!(body.contains("href=\"/django/console\""), "{body}");
    assert!(!body.contains("href=\"/runs"), "{body}");
    assert!(
        world
            .get("/atom.xml")
            .body
            .contains("https://ci.example.org/django/runs/")
    );
    let answer = world.post("/login", &[("name", "ann"), ("password", "right")], &[]);
    let cookie = answer.header("set-cookie");
    for word in ["Path=/django/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert_eq!(answer.header("location"), "/django/");
}

#[test]
fn where_looking_takes_a_login_nobody_else_sees_anything() {
    let world = World::with(page(), Readers::Users);
    for (path, _) in pages() {
        let answer = world.get(&path);
        assert_eq!(answer.status, 303, "{path}");
        assert!(
            answer.header("location").starts_with("/login?next="),
            "{path}"
        );
        assert_eq!(answer.body, "", "{path}");
    }
    for path in [
        "/api/v1/status",
        "/events",
        "/metrics",
        "/api/v1/openapi.json",
    ] {
        let answer = world.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(!answer.body.contains("main"), "{}", answer.body);
    }
    let raw = format!("/runs/{RED}/raw/{}", CELLS[0]);
    for path in [raw.as_str(), "/badge/main.svg", "/atom.xml"] {
        assert_eq!(world.get(path).status, 303, "{path}");
    }
    for path in ["/healthz", "/login", "/style.css"] {
        assert_eq!(world.get(path).status, 200, "{path}");
    }
    let cookie = world.cookie();
    assert_eq!(world.get_with("/", &[("cookie", &cookie)]).status, 200);
}

#[test]
fn a_farm_of_which_nothing_is_known_says_so_and_what_to_do() {
    let world = World::new();
    std::fs::remove_dir_all(world.state.folder()).expect("there");
    for path in [
        "/",
        "/console",
        "/queue",
        "/runs",
        "/notices",
        "/machine",
        "/waterfall",
    ] {
        let answer = world.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(!answer.body.to_lowercase().contains("loading"), "{path}");
    }
    assert!(world.get("/").body.contains("No branch has been seen yet"));
    assert!(world.get("/runs").body.contains("djbuild run"));
    assert_eq!(world.get("/healthz").status, 503);
}

#[test]
fn a_run_opens_on_what_is_different() {
    let world = World::new();
    let going = world.get(&format!("/runs/{GOING}")).body;
    assert!(going.contains("Nothing has turned so far"));
    assert!(!going.contains("tests are gone"), "they may still come");
    let run = world.json(&format!("/api/v1/runs/{RED}"));
    assert_eq!(run["to"]["run"], GREEN);
    assert_eq!(run["difference"]["newly"][0]["test"], HOSTILE);
    assert_eq!(run["difference"]["newly"][0]["named"], "every cell");
    assert_eq!(run["difference"]["new"]["in_all"], 1);
    let back = world.json(&format!("/api/v1/runs/{GREEN}?to={RED}"));
    assert_eq!(
        back["difference"]["fixed"],
        Value::Array(Vec::new()),
        "it is gone, not fixed"
    );
    assert_eq!(back["difference"]["gone"]["first"][0], HOSTILE);
}

#[test]
fn the_console_says_what_each_cell_said_of_each_commit() {
    let world = World::new();
    let console = world.json("/api/v1/console?branch=main");
    let cells: Vec<&str> = console["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .filter_map(|cell| cell["database"].as_str())
        .collect();
    assert_eq!(cells, ["sqlite", "postgresql17"]);
    let outcomes: Vec<Option<&str>> = console["commits"]
        .as_array()
        .expect("commits")
        .iter()
        .map(|commit| commit["marks"][0]["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, [None, Some("failed"), Some("passed")]);
    assert_eq!(console["commits"][2]["tickets"][0]["number"], "36001");
    let open = &console["commits"][0]["open"][0];
    assert_eq!(
        (&open["request"], &open["state"]),
        (&3.into(), &"waiting".into())
    );
    assert_eq!(console["commits"][1]["open"], Value::Array(Vec::new()));
}

#[test]
fn a_file_that_was_not_taken_is_told_on_the_first_page() {
    let world = World::new();
    assert_eq!(world.json("/api/v1/status")["wrong_file"], Value::Null);
    let why = format!("djbuild.toml:3: {HOSTILE}");
    std::fs::write(world.state.folder().join("watch.wrong"), &why).expect("writable");
    assert_eq!(world.json("/api/v1/status")["wrong_file"], why);
    let page = world.get("/").body;
    assert!(page.contains("was not taken"), "{page}");
    assert!(page.contains("djbuild.toml:3: &lt;script&gt;"), "{page}");
}
