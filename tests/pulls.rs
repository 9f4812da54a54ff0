//! What a real engine says of registries that fail, told by kind; and that what
//! `docker login` keeps gets there.

mod common;

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use common::registry::listen;
use djbuild::runtime::docker::{Docker, find};
use djbuild::runtime::{Images, PullError};

/// Full of what the two alphabets of base64 write differently.
const PASSWORD: &str = "????>>>>~~~~?>~?>~";

async fn engine() -> Docker {
    find().await.expect("an engine").with_client_folder(None)
}

fn kind(error: &PullError) -> &'static str {
    match error {
        PullError::NotThere(_) => "not there",
        PullError::Refused(_) => "refused",
        PullError::Busy { .. } => "busy",
        PullError::Failing(_) => "failing",
        PullError::Runtime(_) => "engine",
    }
}

#[tokio::test]
async fn a_registry_that_fails_is_told_by_kind_and_in_its_own_words() {
    let docker = engine().await;
    for (status, body, expected, words) in [
        (
            404,
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such tag"}]}"#,
            "not there",
            "no such tag",
        ),
        (
            404,
            r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such name"}]}"#,
            "not there",
            "no such name",
        ),
        (
            403,
            r#"{"errors":[{"code":"DENIED","message":"not for you"}]}"#,
            "refused",
            "not for you",
        ),
        (
            401,
            r#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#,
            "refused",
            "who are you",
        ),
        (
            429,
            r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slowly, slowly"}]}"#,
            "busy",
            "slowly, slowly",
        ),
        (500, "it failed", "failing", "500"),
        (503, "it failed", "failing", "503"),
        (200, "no JSON", "failing", ""),
    ] {
        let registry = listen(move |_| (status, "", body));
        let name = format!("{registry}/python:3.14-slim");
        let error = docker.pull(&name).await.expect_err("it fails");
        let told = error.to_string();
        assert_eq!(kind(&error), expected, "{told}");
        assert!(told.contains(&name) && told.contains(words), "{told}");
    }
    let nobody = docker.pull("127.0.0.1:1/python:3").await;
    assert_eq!(kind(&nobody.expect_err("nobody listens")), "failing");
    let no_name = docker.pull("http://127.0.0.1:1/python:3").await;
    assert_eq!(kind(&no_name.expect_err("no name of an image")), "engine");
}

/// Has nothing, but only for who knows the password.
fn locked() -> String {
    let expected = format!("Basic {}", STANDARD.encode(format!("me:{PASSWORD}")));
    listen(move |authorization| {
        if authorization == Some(&expected) {
            let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such tag"}]}"#;
            (404, "", body)
        } else {
            (401, "WWW-Authenticate: Basic realm=\"lab\"\r\n", "{}")
        }
    })
}

#[tokio::test]
async fn what_docker_login_keeps_gets_to_the_registry_whatever_is_in_it() {
    let registry = locked();
    let name = format!("{registry}/python:3.14-slim");
    let docker = engine().await;
    let stranger = docker.pull(&name).await.expect_err("locked");
    assert_eq!(kind(&stranger), "refused", "{stranger}");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let auth = STANDARD.encode(format!("me:{PASSWORD}"));
    let config = format!(r#"{{"auths": {{"{registry}": {{"auth": "{auth}"}}}}}}"#);
    fs::write(folder.path().join("config.json"), config).expect("writable");
    let docker = docker.with_client_folder(Some(folder.path().to_owned()));
    let known = docker.pull(&name).await.expect_err("it has nothing");
    assert_eq!(kind(&known), "not there", "{known}");
}

#[tokio::test]
async fn a_helper_that_fails_is_told_where_the_registry_refuses() {
    let registry = locked();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = format!(r#"{{"credHelpers": {{"{registry}": "nowhere"}}}}"#);
    fs::write(folder.path().join("config.json"), config).expect("writable");
    let docker = engine()
        .await
        .with_client_folder(Some(folder.path().to_owned()));
    let error = docker.pull(&format!("{registry}/python:3")).await;
    let error = error.expect_err("locked");
    assert_eq!(kind(&error), "refused", "{error}");
    let told = error.to_string();
    assert!(
        told.contains("docker-credential-nowhere: No such"),
        "{told}"
    );
}
