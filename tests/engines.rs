//! Which engine is used, and what is said where none answers; with engines that
//! answer as real ones were heard to.

mod common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use futures_util::StreamExt;

use common::engine::{AGES, Age};
use common::{User, shell};
use djbuild::runtime::docker::{Docker, Endpoint, SaidBy, Tls, connect};
use djbuild::runtime::{Containers, Images, Runtime};

/// `djbuild clean` of somebody with these variables and no Docker contexts.
fn clean(user: &User, variables: &[(&str, &str)]) -> Output {
    let mut command = user.djbuild(&["clean"]);
    for name in [
        "CONTAINER_HOST",
        "DOCKER_CERT_PATH",
        "DOCKER_CONTEXT",
        "DOCKER_HOST",
        "DOCKER_TLS",
        "DOCKER_TLS_VERIFY",
    ] {
        command.env_remove(name);
    }
    command
        .env("DOCKER_CONFIG", user.folder().join("docker"))
        .envs(variables.iter().copied())
        .output()
        .expect("djbuild starts")
}

#[track_caller]
fn finds(output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(output.stdout, b"nothing to remove\n");
}

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "no {word:?} in {stderr}");
    }
}

fn unix(socket: &Path) -> String {
    format!("unix://{}", socket.display())
}

#[test]
fn engines_of_every_age_are_spoken_to_in_a_version_they_know() {
    for age in AGES {
        let user = User::new();
        let address = unix(&age.listen(user.folder()));
        finds(&clean(&user, &[("DOCKER_HOST", &address)]));
    }
}

#[test]
fn podmans_own_variable_is_heeded_when_dockers_is_not_set() {
    let user = User::new();
    let address = unix(&AGES[0].listen(user.folder()));
    finds(&clean(&user, &[("CONTAINER_HOST", &address)]));
    let both = [
        ("CONTAINER_HOST", address.as_str()),
        ("DOCKER_HOST", "unix:///nowhere/docker.sock"),
    ];
    says(&clean(&user, &both), &["unix:///nowhere/docker.sock"]);
}

#[tokio::test]
async fn the_first_endpoint_that_answers_is_used_and_podman_called_by_its_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let podman = AGES.iter().find(|age| age.name.starts_with("Podman"));
    let socket = podman.expect("one is Podman").listen(folder.path());
    let endpoint = |address: &str, engine| Endpoint {
        address: address.to_owned(),
        said_by: SaidBy::Usual(engine),
        tls: Tls::No,
    };
    let endpoints = [
        endpoint("unix:///nowhere/docker.sock", "Docker"),
        endpoint(&unix(&socket), "Podman"),
    ];
    let engine = connect(&endpoints).await.expect("one answers");
    assert_eq!(engine.capabilities().name, "Podman 4.3.1 (API 1.41)");
}

/// What the kernel has of the connections to a port: a timer each, of which 2 is
/// keepalive's (proc(5), `/proc/net/tcp`).
fn timers(port: u16) -> Vec<String> {
    let table = fs::read_to_string("/proc/net/tcp").expect("Linux");
    let port = format!(":{port:04X}");
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        // Its remote port, established, and which timer runs.
        .filter(|fields| fields.get(2).is_some_and(|far| far.ends_with(&port)))
        .filter(|fields| fields[3] == "01")
        .map(|fields| fields[5][..2].to_owned())
        .collect()
}

/// The certificates of an engine and of who may use it.
fn certificates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls-engine")
}

#[tokio::test]
async fn a_silent_connection_to_a_port_is_kept_alive() {
    for (address, tls) in [
        (AGES[0].listen_on_tcp(), Tls::No),
        (
            AGES[0].listen_with_tls(&certificates()),
            Tls::Verified(certificates()),
        ),
    ] {
        let endpoint = Endpoint {
            address: address.clone(),
            said_by: SaidBy::Variable("DOCKER_HOST"),
            tls,
        };
        let engine = connect(&[endpoint]).await.expect("it answers");
        let (_, port) = address.rsplit_once(':').expect("a port");
        let port: u16 = port.parse().expect("a port");
        let waiting = tokio::spawn(async move { engine.wait("silent").await });
        let kept = async {
            while !timers(port).contains(&"02".to_owned()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let kept = tokio::time::timeout(Duration::from_secs(10), kept).await;
        waiting.abort();
        assert!(kept.is_ok(), "{:?}", timers(port));
    }
}

#[test]
fn an_engine_that_wants_a_certificate_gets_it_and_says_so_without_one() {
    let user = User::new();
    let address = AGES[2].listen_with_tls(&certificates());
    let folder = certificates().display().to_string();
    let with = |folder: &str| {
        let variables = [
            ("DOCKER_HOST", address.as_str()),
            ("DOCKER_TLS_VERIFY", "1"),
            ("DOCKER_CERT_PATH", folder),
        ];
        clean(&user, &variables)
    };
    finds(&with(&folder));
    let without = user.folder().join("ca-alone");
    fs::create_dir(&without).expect("a folder");
    fs::copy(certificates().join("ca.pem"), without.join("ca.pem")).expect("copied");
    // Whether it is heard out before it hangs up is a race.
    for _ in 0..10 {
        says(
            &with(&without.display().to_string()),
            &["it wants to know who is asking"],
        );
    }
    let strangers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    says(
        &with(&strangers.display().to_string()),
        &["its certificate is none that ca.pem vouches for"],
    );
}

async fn engine(age: Age, folder: &Path) -> Docker {
    let endpoint = Endpoint {
        address: unix(&age.listen(folder)),
        said_by: SaidBy::Usual("Docker"),
        tls: Tls::No,
    };
    connect(&[endpoint]).await.expect("it answers")
}

#[tokio::test]
async fn an_imported_image_has_its_name_and_no_other() {
    for age in AGES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let engine = engine(age, folder.path()).await;
        let archive = futures_util::stream::iter([Ok(b"an archive".to_vec())]);
        engine
            .import("djbuild/base:trixie-1", &[], Box::pin(archive))
            .await
            .expect("imported");
        let name = |tag: &'static str| engine.image(tag);
        let whole = name("djbuild/base:trixie-1").await.expect("an answer");
        assert!(whole.is_some(), "{age:?}");
        let partial = name("djbuild/base:trixie-1-partial").await;
        assert_eq!(partial.expect("an answer"), None, "{age:?}");
    }
}

#[tokio::test]
async fn an_import_that_was_cut_off_is_not_taken_for_the_image() {
    for age in AGES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let engine = engine(age, folder.path()).await;
        let never = futures_util::stream::pending();
        let archive = futures_util::stream::iter([Ok(b"an arch".to_vec())]).chain(never);
        let import = engine.import("djbuild/base:trixie-1", &[], Box::pin(archive));
        let interrupted = tokio::time::timeout(Duration::from_millis(200), import);
        interrupted.await.expect_err("the archive does not end");
        let image = engine.image("djbuild/base:trixie-1").await;
        assert_eq!(image.expect("an answer"), None, "{age:?}");
    }
}

#[test]
fn why_nothing_answers_is_told_in_words() {
    let user = User::new();
    let deserted = user.folder().join("deserted.sock");
    drop(UnixListener::bind(&deserted).expect("a socket"));
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = format!("tcp://{}", free.local_addr().expect("an address"));
    drop(free);
    for (address, why) in [
        ("unix:///nowhere/docker.sock", "there is no such socket"),
        (&unix(&deserted), "nothing listens there"),
        (&closed, "nothing listens there"),
        ("/var/run/docker.sock", "this is no address of an engine"),
        ("tcp://nowhere.invalid", "no host of that name is known"),
    ] {
        let output = clean(&user, &[("DOCKER_HOST", address)]);
        let told = format!("\n  {address} (DOCKER_HOST): {why}");
        says(&output, &[&told, "set DOCKER_HOST to another"]);
    }
}

#[test]
fn a_port_without_tls_is_told_from_an_engine_with_another_certificate() {
    let user = User::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for connection in listener.incoming() {
            let mut connection = connection.expect("a connection");
            let _ = connection.read(&mut [0; 100]);
            let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let certificates = certificates.display().to_string();
    let tls = [
        ("DOCKER_HOST", address.as_str()),
        ("DOCKER_TLS_VERIFY", "1"),
        ("DOCKER_CERT_PATH", &certificates),
    ];
    says(&clean(&user, &tls), &["it does not speak TLS"]);
    let unverified = [("DOCKER_HOST", address.as_str()), ("DOCKER_TLS", "1")];
    says(
        &clean(&user, &unverified),
        &["TLS without a check of who answers"],
    );
}

#[test]
fn a_context_that_is_gone_is_an_error_even_where_another_engine_would_answer() {
    let user = User::new();
    let output = clean(&user, &[("DOCKER_CONTEXT", "gone")]);
    says(
        &output,
        &["there is no Docker context \"gone\", which DOCKER_CONTEXT chooses"],
    );
}

/// A host that ssh reaches is this one.
fn ssh(user: &User, script: &str) -> String {
    let folder = user.folder().join("bin");
    fs::create_dir(&folder).expect("a folder");
    let path = folder.join("ssh");
    fs::write(&path, format!("#!/bin/sh\n{script}")).expect("writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("writable");
    let path = std::env::var("PATH").expect("a PATH");
    format!("{}:{path}", folder.display())
}

/// A fake ssh that brings the socket here, and does over there what it is told.
fn forwarding(log: &Path) -> String {
    format!(
        r#"echo "pid $$, $*" >> {log}
        while [ "$1" != -- ]; do [ "$1" = -L ] && forward=$2; shift; done
        ln -s "${{forward#*:}}" "${{forward%%:*}}"
        echo 'Welcome to build.'
        sh -c "$3""#,
        log = log.display()
    )
}

#[test]
fn an_engine_behind_ssh_is_reached_through_one_ssh_that_ends_with_djbuild() {
    let user = User::new();
    let socket = AGES[1].listen(user.folder());
    let log = user.folder().join("log");
    let path = ssh(&user, &forwarding(&log));
    let address = format!("ssh://me@build:2222{}", socket.display());
    finds(&clean(&user, &[("DOCKER_HOST", &address), ("PATH", &path)]));
    let log = fs::read_to_string(log).expect("a log");
    assert_eq!(log.matches("pid").count(), 1, "{log}");
    let pid = log["pid ".len()..].split(',').next().expect("a pid");
    shell(&format!(
        "for _ in $(seq 100); do kill -0 {pid} 2>/dev/null || exit 0; sleep 0.1; done; exit 1"
    ));
    assert!(log.contains("-l me -p 2222 -- build "), "{log}");
}

#[test]
fn a_socket_that_is_not_there_is_told_from_a_host_that_is_not() {
    let user = User::new();
    let path = ssh(&user, &forwarding(&user.folder().join("log")));
    let address = "ssh://build/nowhere/docker.sock";
    let output = clean(&user, &[("DOCKER_HOST", address), ("PATH", &path)]);
    says(
        &output,
        &["ssh gets there, but no engine answers on /nowhere/docker.sock"],
    );
}

#[test]
fn what_ssh_says_is_passed_on() {
    let user = User::new();
    let path = ssh(&user, "echo 'Permission denied (publickey).' >&2; exit 255");
    let output = clean(&user, &[("DOCKER_HOST", "ssh://build"), ("PATH", &path)]);
    says(
        &output,
        &[
            "ssh://build (DOCKER_HOST): ssh says: Permission denied (publickey).",
            "ssh to that host has to work without a question",
        ],
    );
}
