//! Connections to a real engine that break, at each thing that it is asked for:
//! what is away is told from what failed, and what was done is found again.

mod common;

use std::io;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use common::proxy::{Cut, Proxy};
use djbuild::model::SnapshotId;
use djbuild::plan::{
    Container, Context, EachFile, ImageRef, Limits, Network, Part, TreeDelta, TreeFiles,
};
use djbuild::runtime::docker::{Docker, Endpoint, SaidBy, Tls, connect};
use djbuild::runtime::{
    Build, BuildError, ContainerPhase, Containers, Images, Networks, PullError, Runtime,
    RuntimeError,
};

/// The engine itself, an engine behind a proxy, and an image to start.
struct Lab {
    proxy: Proxy,
    docker: Docker,
    image: ImageRef,
    name: String,
}

impl Lab {
    async fn new(name: &str) -> Self {
        let proxy = Proxy::new("/var/run/docker.sock");
        let endpoint = Endpoint {
            address: proxy.address.clone(),
            said_by: SaidBy::Usual("Docker"),
            tls: Tls::No,
        };
        let docker = connect(&[endpoint]).await.expect("an engine");
        let name = format!("djbuild-broken-{name}-{}", std::process::id());
        let image = docker
            .import(&format!("{name}:1"), &[], Box::pin(archive()))
            .await
            .expect("imported");
        Self {
            proxy,
            docker,
            image,
            name,
        }
    }

    fn container(&self, script: &str) -> Container {
        Container {
            name: self.name.clone(),
            image: self.image.clone(),
            command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
            host: "cell".into(),
            network: None,
            user: None,
            environment: [].into(),
            labels: vec![("djbuild.test".into(), self.name.clone())],
            memory_folders: vec![],
            limits: Limits {
                memory: 64 << 20,
                pids: 64,
                shared_memory: 1 << 20,
            },
        }
    }

    async fn started(&self, script: &str) -> String {
        let container = self.container(script);
        let id = self.docker.create(&container).await.expect("created");
        self.docker.start(&id).await.expect("started");
        id
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for arguments in [
            vec!["rm", "-fv", &self.name],
            vec!["network", "rm", &self.name],
            vec!["rmi", "-f", self.image.as_str()],
        ] {
            let _ = Command::new("docker").args(arguments).output();
        }
    }
}

/// A shell of this machine, and what it needs.
fn archive() -> impl futures_util::Stream<Item = std::io::Result<Vec<u8>>> + Send {
    let script = "tar -ch --hard-dereference /bin/sh /bin/sleep \
                  $(ldd /bin/sh /bin/sleep | grep -o '/lib[^ ]*' | sort -u) 2>/dev/null";
    let output = Command::new("sh").args(["-c", script]).output();
    stream::iter([Ok(output.expect("tar").stdout)])
}

fn megabytes(count: usize) -> Context {
    (0..count).fold(Context::default(), |context, number| {
        context.with_file(format!("file-{number}"), vec![b'x'; 1 << 20])
    })
}

#[track_caller]
fn is_away<T: std::fmt::Debug>(what: &str, result: Result<T, RuntimeError>) {
    let error = result.expect_err("the connection broke");
    eprintln!("{what}: {error}");
    assert!(error.is_away(), "{what}: {error:?}");
}

#[tokio::test]
async fn an_engine_whose_answer_is_lost_is_away_and_did_what_it_was_asked_for() {
    let lab = Lab::new("lost").await;
    let container = lab.container("sleep 60");
    for cut in [Cut::AtRequest, Cut::Answer(0), Cut::Answer(30)] {
        lab.proxy.cut("POST /containers/create", cut);
        is_away("create", lab.docker.create(&container).await);
    }
    lab.proxy.mend();
    let id = lab.docker.create(&container).await.expect("found again");
    for cut in [Cut::AtRequest, Cut::Answer(0)] {
        lab.proxy.cut("/start", cut);
        is_away("start", lab.docker.start(&id).await);
    }
    lab.proxy.mend();
    lab.docker.start(&id).await.expect("it runs already");
    // What runs is not what an attempt that begins may have.
    let again = lab.docker.create(&container).await;
    assert!(
        matches!(again, Err(RuntimeError::Refused { .. })),
        "{again:?}"
    );

    for cut in [Cut::AtRequest, Cut::Answer(0), Cut::Answer(200)] {
        lab.proxy.cut("GET /", cut);
        is_away("list", lab.docker.containers("djbuild.test").await);
        is_away("inspect", lab.docker.state(&id).await);
        is_away("ping", lab.docker.ping().await);
    }
    // In the middle of its body.
    lab.proxy.cut("GET /", Cut::Answer(1000));
    is_away("inspect", lab.docker.state(&id).await);
    for cut in [Cut::AtRequest, Cut::Answer(0)] {
        lab.proxy.cut("/kill", cut);
        is_away("signal", lab.docker.signal(&id, "USR1").await);
        lab.proxy.cut("DELETE /containers", cut);
        is_away("remove", lab.docker.remove(&id).await);
    }
    lab.proxy.mend();
    lab.docker.remove(&id).await.expect("gone is done");
    assert_eq!(lab.docker.state(&id).await.expect("an answer"), None);
    let error = lab.docker.wait(&id).await.expect_err("it is gone");
    assert!(error.is_gone(), "{error:?}");
}

#[tokio::test]
async fn a_network_that_was_made_without_a_word_is_not_made_twice() {
    let lab = Lab::new("network").await;
    let network = Network {
        name: lab.name.clone(),
        labels: vec![("djbuild.test".into(), lab.name.clone())],
    };
    lab.proxy.cut("POST /networks/create", Cut::Answer(0));
    is_away("network", lab.docker.create_network(&network).await);
    lab.proxy.mend();
    lab.docker.create_network(&network).await.expect("found");
    let all = lab.docker.networks("djbuild.test").await.expect("a list");
    assert_eq!(all.iter().filter(|one| one.name == lab.name).count(), 1);
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_away_and_can_be_sent_again() {
    let lab = Lab::new("upload").await;
    let container = lab.container("sleep 60");
    let id = lab.docker.create(&container).await.expect("created");
    for cut in [Cut::AtRequest, Cut::Request(1 << 20), Cut::Answer(0)] {
        lab.proxy.cut("PUT /", cut);
        is_away("upload", lab.docker.deliver(&id, megabytes(16)).await);
    }
    lab.proxy.mend();
    let sent = lab.docker.deliver(&id, megabytes(16)).await;
    sent.expect("sent");
}

/// A tree whose files went away.
struct Vanished(SnapshotId);

impl TreeFiles for Vanished {
    fn id(&self) -> &SnapshotId {
        &self.0
    }
    fn delta_from(&self, _earlier: &SnapshotId) -> Option<TreeDelta> {
        None
    }
    fn for_each(&self, _each: &mut EachFile<'_>) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
    fn for_paths(&self, _paths: &[Vec<u8>], _each: &mut EachFile<'_>) -> io::Result<()> {
        Ok(())
    }
    fn remember(&self) {}
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_no_fault_of_the_engines() {
    let lab = Lab::new("unreadable").await;
    let container = lab.container("true");
    let id = lab.docker.create(&container).await.expect("created");
    let files = megabytes(1).with(Part::Tree {
        folder: "django".to_owned(),
        files: Arc::new(Vanished(SnapshotId::new("gone"))),
        owner: 0,
    });
    let error = lab
        .docker
        .deliver(&id, files)
        .await
        .expect_err("unreadable");
    assert!(!error.is_away() && !error.is_gone(), "{error:?}");
    assert!(
        error.to_string().contains("what is sent cannot be read"),
        "{error}"
    );
}

#[tokio::test]
async fn a_wait_that_never_gets_through_ends_with_its_container() {
    let lab = Lab::new("wait").await;
    let id = lab.started("sleep 3; exit 7").await;
    for cut in [Cut::AtRequest, Cut::Answer(0), Cut::Answer(180)] {
        lab.proxy.cut("/wait", cut);
        let exit = lab.docker.wait(&id).await.expect("it ended");
        assert_eq!(exit.code, 7, "{cut:?}");
    }
    assert!(lab.proxy.cuts() > 1, "{}", lab.proxy.cuts());
}

#[tokio::test]
async fn a_wait_on_an_engine_that_is_away_says_so() {
    let lab = Lab::new("gone").await;
    let id = lab.started("sleep 60").await;
    lab.proxy.cut("/", Cut::AtRequest);
    is_away("wait", lab.docker.wait(&id).await);
    lab.proxy.mend();
    let waiting = lab.docker.wait(&id);
    let killing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        lab.docker.signal(&id, "KILL").await.expect("it runs");
    };
    let (exit, ()) = tokio::join!(waiting, killing);
    assert_eq!(exit.expect("it ended").code, 137);
    let state = lab.docker.state(&id).await.expect("an answer");
    assert_eq!(state.expect("there").phase, ContainerPhase::Exited);
}

#[tokio::test]
async fn a_log_that_breaks_off_is_no_log_that_ended() {
    let lab = Lab::new("logs").await;
    let script = "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done; sleep 60";
    let id = lab.started(script).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for cut in [Cut::AtRequest, Cut::Answer(0), Cut::Answer(1000)] {
        lab.proxy.cut("/logs", cut);
        let output = lab.docker.output(&id).await.expect("a stream");
        is_away("logs", output.try_collect::<Vec<_>>().await);
    }
    lab.proxy.mend();
    let output = lab.docker.output(&id).await.expect("a stream");
    let first = output.take(1).collect::<Vec<_>>().await;
    assert!(first[0].is_ok(), "{first:?}");
}

#[tokio::test]
async fn a_build_that_breaks_off_is_away_and_no_failed_step() {
    let lab = Lab::new("build").await;
    let build = || Build {
        tag: format!("{}:built", lab.name),
        context: megabytes(2).with_file(
            "Dockerfile",
            format!(
                "FROM {}\nRUN echo one\nRUN echo two\nRUN exit 3\n",
                lab.image
            ),
        ),
        arguments: vec![],
    };
    for cut in [
        Cut::AtRequest,
        Cut::Request(1 << 20),
        Cut::Answer(0),
        Cut::Answer(300),
    ] {
        lab.proxy.cut("POST /build", cut);
        match lab.docker.build(build(), &|_| {}).await {
            Err(BuildError::Runtime(error)) => is_away::<()>("build", Err(error)),
            other => panic!("{cut:?}: {other:?}"),
        }
    }
    lab.proxy.mend();
    let step = lab.docker.build(build(), &|_| {}).await;
    assert!(matches!(step, Err(BuildError::Step(_))), "{step:?}");
}

#[tokio::test]
async fn a_pull_or_an_import_that_breaks_off_is_the_engines_and_not_the_registrys() {
    let lab = Lab::new("pull").await;
    for cut in [Cut::AtRequest, Cut::Answer(0)] {
        lab.proxy.cut("POST /images/create", cut);
        match lab.docker.pull("127.0.0.1:1/nothing:1").await {
            Err(PullError::Runtime(error)) => is_away::<()>("pull", Err(error)),
            other => panic!("{cut:?}: {other:?}"),
        }
    }
    for cut in [Cut::AtRequest, Cut::Request(100_000), Cut::Answer(0)] {
        lab.proxy.cut("POST /images/create", cut);
        let name = format!("{}:again", lab.name);
        let import = lab.docker.import(&name, &[], Box::pin(archive()));
        is_away("import", import.await);
    }
    lab.proxy.cut("POST /commit", Cut::Answer(0));
    let container = lab.container("true");
    let id = lab.docker.create(&container).await.expect("created");
    let name = format!("{}:kept", lab.name);
    is_away("commit", lab.docker.keep(&id, &name, &[]).await);
    lab.proxy.mend();
    for name in [name, format!("{}:again-partial", lab.name)] {
        lab.docker.remove_image(&name).await.expect("removed");
    }
}
