//! What people do on a page: only they, only what they may, and it is noted.

use djbuild::access::Tokens;
use djbuild::store::farm::{Book, Farm, PauseKind, Scope};
use djbuild::watch::now;

use crate::world::{PLACE, World};

#[allow(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of a book is of one lifetime"
)]
fn is_paused(world: &World) -> bool {
    let mut farm = world.state.farm().expect("readable");
    let pauses = farm
        .look(|book: &Book<'_>| book.pauses())
        .expect("readable");
    pauses.iter().any(|pause| pause.kind == PauseKind::All)
}

#[test]
fn nobody_does_anything_without_saying_who_they_are() {
    let world = World::new();
    for act in ["force", "pause", "resume", "cancel", "stop", "resend"] {
        let path = format!("/act/{act}");
        assert_eq!(world.get(&path).status, 303, "{act}");
        let form = [
            ("request", "3"),
            ("run", "2026"),
            ("notice", "1"),
            ("reason", "x"),
        ];
        assert_eq!(world.post(&path, &form, &[]).status, 403, "{act}");
        let api = format!("/api/v1/act/{act}");
        assert_eq!(world.post(&api, &form, &[]).status, 401, "{act}");
        assert_eq!(world.get(&api).status, 405, "{act} is no link");
    }
    assert!(!is_paused(&world));
}

#[test]
#[allow(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of a book is of one lifetime"
)]
fn whoever_is_logged_in_pauses_forces_cancels_and_it_is_noted_who() {
    let world = World::new();
    let cookie = world.cookie();
    let headers = [("cookie", cookie.as_str())];
    let csrf = world.csrf(&cookie);
    let carried = ("csrf", csrf.as_str());
    assert_eq!(world.post("/act/pause", &[carried], &headers).status, 303);
    assert!(is_paused(&world));
    assert_eq!(world.post("/act/resume", &[carried], &headers).status, 303);
    assert!(!is_paused(&world));
    let form = [
        carried,
        ("branch", "main"),
        ("reason", "before the release"),
    ];
    assert_eq!(world.post("/act/force", &form, &headers).status, 303);
    assert_eq!(
        world
            .post("/act/cancel", &[carried, ("request", "3")], &headers)
            .status,
        303
    );
    let mut farm = world.state.farm().expect("readable");
    let all = farm
        .look(|book: &Book<'_>| book.all_requests())
        .expect("readable");
    let forced = all.last().expect("requests");
    assert_eq!(
        (forced.asked.who.as_str(), forced.asked.kind.as_str()),
        ("ann", "forced")
    );
    let page = world.get("/queue").body;
    assert!(page.contains("cancelled by ann"), "{page}");
    for (form, words) in [
        (
            vec![carried, ("branch", "mian"), ("reason", "x")],
            "did you mean main",
        ),
        (vec![carried, ("branch", "main")], "this is needed"),
        (
            vec![carried, ("branch", "main"), ("cells", "x"), ("reason", "y")],
            "expected a name",
        ),
    ] {
        let answer = world.post("/act/force", &form, &headers);
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains(words), "{}", answer.body);
    }
}

#[test]
fn another_site_does_nothing_in_somebodys_name() {
    let world = World::new();
    let cookie = world.cookie();
    let csrf = world.csrf(&cookie);
    let other = world.csrf(&world.cookie());
    let carried = ("csrf", csrf.as_str());
    for (form, header) in [
        (vec![], ("x-none", "")),
        (vec![("csrf", other.as_str())], ("x-none", "")),
        (vec![carried], ("origin", "https://evil.example")),
        (vec![carried], ("origin", "null")),
        (vec![carried], ("sec-fetch-site", "cross-site")),
        (vec![carried], ("sec-fetch-site", "same-site")),
    ] {
        let answer = world.post("/act/pause", &form, &[("cookie", &cookie), header]);
        assert_eq!(answer.status, 403, "{header:?}");
        assert!(!is_paused(&world));
    }
    let form = [("name", "ann"), ("password", "right")];
    let answer = world.post("/login", &form, &[("sec-fetch-site", "cross-site")]);
    assert_eq!(answer.status, 403, "nobody is logged in by another site");
    let api = world.post("/api/v1/act/pause", &[carried], &[("cookie", &cookie)]);
    assert_eq!(api.status, 403, "a cookie is no token");
    assert!(!is_paused(&world));
}

#[test]
fn a_wrong_password_is_told_and_guessing_is_slowed_down() {
    let world = World::new();
    for (name, password) in [("ann", "wrong"), ("bob", "right"), ("<b>", "")] {
        let answer = world.post("/login", &[("name", name), ("password", password)], &[]);
        assert_eq!(answer.status, 403);
        assert!(
            answer.body.contains("wrong name or password"),
            "{}",
            answer.body
        );
        assert!(!answer.body.contains("<b>\""), "{}", answer.body);
        assert_eq!(answer.header("set-cookie"), "");
    }
    let mut last = 0;
    for _ in 0..6 {
        let answer = world.post("/login", &[("name", "ann"), ("password", "x")], &[]);
        last = answer.status;
        if last == 429 {
            assert!(
                answer
                    .header("retry-after")
                    .parse::<u64>()
                    .expect("seconds")
                    > 0
            );
        }
    }
    assert_eq!(last, 429);
}

#[test]
fn whoever_logs_in_is_sent_to_where_they_wanted_to_go_and_never_to_another_host() {
    let world = World::new();
    for (next, to) in [
        ("/runs?branch=main", "/runs?branch=main"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        // Browsers leave out tabs.
        ("/\t/evil.example", "/"),
        ("/\r\nSet-Cookie: djbuild=mine", "/"),
    ] {
        let form = [("name", "ann"), ("password", "right"), ("next", next)];
        let answer = world.post("/login", &form, &[("cookie", "djbuild=mine")]);
        assert_eq!(answer.status, 303, "{next:?}");
        assert_eq!(answer.header("location"), to, "{next:?}");
        let cookie = answer.header("set-cookie");
        assert!(!cookie.contains("djbuild=mine"), "a session of its own");
    }
}

#[test]
fn whoever_logs_out_is_out() {
    let world = World::new();
    let cookie = world.cookie();
    let headers = [("cookie", cookie.as_str())];
    assert!(world.get_with("/", &headers).body.contains("Log out"));
    let answer = world.post("/logout", &[], &headers);
    assert_eq!(answer.status, 303);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert!(!world.get_with("/", &headers).body.contains("Log out"));
    assert_eq!(world.get_with("/act/pause", &headers).status, 303);
}

#[test]
fn a_script_shows_a_token_and_may_what_it_was_made_for() {
    let world = World::new();
    let mut tokens = Tokens::of(&world.state).expect("writable");
    let steers = tokens.add("ci", Scope::Steer, now()).expect("new");
    let reads = tokens.add("wall", Scope::Read, now()).expect("new");
    let bearer = |token: &str| format!("Bearer {token}");
    let (steers, reads) = (bearer(&steers), bearer(&reads));
    let post = |token: &str| world.post("/api/v1/act/pause", &[], &[("authorization", token)]);
    assert_eq!(post("Bearer rubbish").status, 401);
    assert_eq!(post(&reads).status, 403);
    assert!(!is_paused(&world));
    let answer = post(&steers);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("is paused"), "{}", answer.body);
    assert!(is_paused(&world));
    let unknown = world.post("/api/v1/act/none", &[], &[("authorization", &steers)]);
    assert_eq!(unknown.status, 404);
}

#[test]
fn a_hint_of_a_push_only_has_the_repository_asked_sooner() {
    let world = World::new();
    let far = now().plus(std::time::Duration::from_secs(3600));
    let mut farm = world.state.farm().expect("writable");
    let next = |farm: &mut Farm| {
        let row = farm.look(|book| book.repository(PLACE)).expect("readable");
        row.next
    };
    farm.within(|book| {
        let mut row = book.repository(PLACE)?;
        row.next = far;
        book.put_repository(&row)
    })
    .expect("writable");
    let body = "{\"ref\":\"refs/heads/main\"}";
    let answer = world.send("/hook", body, &[("x-hub-signature-256", "sha256=00")]);
    assert_eq!(answer.status, 403);
    assert_eq!(next(&mut farm), far);
    // printf '%s' "$body" | openssl dgst -sha256 -hmac "the hook's key"
    let signature = signature(body);
    let answer = world.send("/hook", body, &[("x-gitea-signature", &signature)]);
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert!(next(&mut farm) <= now());
}

fn signature(body: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"the hook's key").expect("any key");
    mac.update(body.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn nobody_sends_more_than_a_form_holds() {
    let world = World::new();
    let long = "x".repeat(100 * 1024);
    let answer = world.post("/login", &[("name", "ann"), ("password", &long)], &[]);
    assert_eq!(answer.status, 413);
    let push = format!("{{\"ref\":\"{long}\"}}");
    let signed = signature(&push);
    let answer = world.send("/hook", &push, &[("x-gitea-signature", &signed)]);
    assert_eq!(answer.status, 202, "a push says more: {}", answer.body);
}
