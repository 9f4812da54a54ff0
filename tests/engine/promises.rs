//! What the engine in memory promises to the tests that stand on it.

use djbuild::plan::{Container, ImageRef, Limits};
use djbuild::runtime::{ContainerPhase, Containers, Images, Runtime};
use futures_util::StreamExt;

use super::world::{Fake, Step, say};

async fn started(fake: &Fake) -> String {
    fake.import(
        "djbuild/image:1",
        &[],
        Box::pin(futures_util::stream::empty()),
    )
    .await
    .expect("up");
    let container = Container {
        name: "cell".into(),
        image: ImageRef::new("djbuild/image:1"),
        command: vec![],
        host: "cell".into(),
        network: None,
        user: None,
        environment: [].into(),
        labels: vec![],
        memory_folders: vec![],
        limits: Limits {
            memory: 0,
            pids: 0,
            shared_memory: 0,
        },
    };
    let id = fake.create(&container).await.expect("up");
    fake.start(&id).await.expect("up");
    id
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_goes_away_breaks_off_and_its_containers_live_on() {
    let fake = Fake::new(|_| vec![say("hello"), Step::LoseProcess]);
    let id = started(&fake).await;
    let mut output = fake.output(&id).await.expect("up");
    output.next().await.expect("a line").expect("up");
    let (waited, ()) = tokio::join!(fake.wait(&id), async { fake.set_away(true) });
    assert!(waited.expect_err("it is away").is_away());
    let broken = output.next().await.expect("an item");
    assert!(broken.expect_err("it is away").is_away());
    assert!(fake.ping().await.expect_err("it is away").is_away());

    fake.set_away(false);
    let state = fake.state(&id).await.expect("up").expect("there");
    assert_eq!(
        (state.phase, state.out_of_memory),
        (ContainerPhase::Running, true)
    );
    let mut again = fake.output(&id).await.expect("up");
    again.next().await.expect("the line again").expect("up");
}

#[tokio::test(start_paused = true)]
async fn an_aborted_container_has_last_words() {
    let fake = Fake::new(|_| vec![]);
    fake.set_last_words("Fatal Python error: Aborted\n");
    let id = started(&fake).await;
    fake.signal(&id, "ABRT").await.expect("up");
    assert_eq!(fake.wait(&id).await.expect("ended").code, 134);
    assert_eq!(fake.signals(), [("cell".to_owned(), "ABRT".to_owned())]);
    let output = fake.output(&id).await.expect("up");
    assert_eq!(output.count().await, 1);
}
