//! Users of a Django project log in: those of tests/fixtures/django_users.sql, and, where
//! `make access` has started real servers, those that a real Django made there.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use djbuild::access::{Access, People, Refused};
use djbuild::model::Moment;
use djbuild::notify::Secrets;
use djbuild::spec::{DjangoUsers, Login, Place, Readers, Right, Secret, Users};
use djbuild::store::State;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A Django project's database, and a clock that is told.
struct Project {
    folder: tempfile::TempDir,
    address: String,
    clock: Arc<AtomicI64>,
}

impl Project {
    fn at(address: String) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            address,
            clock: Arc::new(AtomicI64::new(1_000_000_000_000)),
        }
    }

    /// The users of the fixture, in a file.
    fn in_a_file() -> Self {
        let mut project = Self::at(String::new());
        let file = project.file();
        let database = rusqlite::Connection::open(&file).expect("writable");
        let users = include_str!("fixtures/django_users.sql");
        // Rows come before those they refer to.
        database
            .pragma_update(None, "foreign_keys", false)
            .expect("known");
        database.execute_batch(users).expect("valid");
        project.address = format!("sqlite://{}", file.display());
        project
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("db.sqlite3")
    }

    fn login(&self, require: &str, reading: Readers) -> Login {
        Login {
            users: Users::Django(DjangoUsers {
                database: Secret::Plain(self.address.clone()),
                table: "auth_user".to_owned(),
                column: "username".to_owned(),
                require: Right::parse(require).expect("a right"),
            }),
            reading,
            place: Place {
                file: "djbuild.toml".into(),
                line: 1,
            },
        }
    }

    fn gate(&self, login: &Login) -> Access {
        let state = State::new(self.folder.path().join("state"));
        let clock = Arc::clone(&self.clock);
        let now = Box::new(move || Moment(clock.load(Ordering::SeqCst)));
        let secrets = Secrets::find(None);
        Access::new(Some(login), Path::new("/"), &secrets, &state, now).expect("writable")
    }

    fn access(&self, require: &str) -> Access {
        self.gate(&self.login(require, Readers::Everybody))
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

async fn is_known(access: &Access, cookie: &str) -> bool {
    access.who(cookie).await.expect("readable").is_some()
}

async fn refusal(access: &Access, name: &str, password: &str) -> Refused {
    let refused = access.login(name, password, HERE).await;
    refused.expect_err(name)
}

/// Who gets in by which right, and who does not.
async fn everybody_gets_what_is_theirs(project: &Project) {
    let named = "group:Release managers";
    let permission = "permission:auth.change_group";
    for (name, rights) in [
        ("staff", &["active", "staff"][..]),
        ("sträusel@example.org", &["active", "staff"]),
        ("plain", &["active"]),
        ("gone", &[]),
        ("boss", &["active", "superuser", permission]),
        ("member", &["active", named, permission]),
        ("holder", &["active", permission]),
    ] {
        for require in ["active", "staff", "superuser", named, permission] {
            let access = project.access(require);
            let what = format!("{name}, {require}");
            if rights.contains(&require) {
                let session = access.login(name, "right", HERE).await.expect(&what);
                assert!(session.person.may_steer, "{what}");
                assert_eq!(session.person.name, name);
                assert!(is_known(&access, &session.cookie).await, "{what}");
            } else {
                let refused = refusal(&access, name, "right").await;
                assert!(
                    matches!(refused, Refused::NotAllowed { .. }),
                    "{what}: {refused}"
                );
            }
        }
    }
    let access = project.access("staff");
    for (name, password) in [
        ("staff", "wrong"),
        ("staff", ""),
        ("nobody", "right"),
        ("nopass", "right"),
    ] {
        let refused = refusal(&access, name, password).await;
        assert!(matches!(refused, Refused::Wrong), "{name}: {refused}");
    }
    for name in ["' OR '1'='1", "staff\0", "$1", "?", "staff ", "stäff"] {
        let refused = refusal(&project.access("active"), name, "right").await;
        assert!(matches!(refused, Refused::Wrong), "{name}: {refused}");
    }
    let refused = refusal(&access, "plain", "right").await.to_string();
    assert!(refused.contains("staff status"), "{refused}");

    let reading = project.gate(&project.login("staff", Readers::Users));
    assert!(!reading.may_read(None));
    let session = reading
        .login("plain", "right", HERE)
        .await
        .expect("to look");
    assert!(!session.person.may_steer);
    assert!(reading.may_read(Some(&session.person)));
}

/// What `djbuild watch --check` finds.
async fn look(project: &Project, require: &str) -> Result<djbuild::access::Looked, String> {
    let login = project.login(require, Readers::Everybody);
    let people = People::of(&login, Path::new("/"), &Secrets::find(None));
    people.look().await.map_err(|away| away.to_string())
}

#[tokio::test]
async fn users_of_a_file_get_what_is_theirs() {
    let project = Project::in_a_file();
    everybody_gets_what_is_theirs(&project).await;
    let looked = look(&project, "staff").await.expect("there");
    // Staff without a password cannot log in.
    assert_eq!(looked.may_steer, 2);
    assert!(looked.place.contains("db.sqlite3"), "{looked:?}");
}

#[tokio::test]
async fn whoever_loses_the_right_the_password_or_the_account_is_out_within_two_minutes() {
    for change in [
        "UPDATE auth_user SET is_active = 0 WHERE username = 'staff'",
        "UPDATE auth_user SET is_staff = 0 WHERE username = 'staff'",
        "UPDATE auth_user SET password = '!' WHERE username = 'staff'",
        "DELETE FROM auth_user WHERE username = 'staff'",
    ] {
        let project = Project::in_a_file();
        let access = project.access("staff");
        let session = access.login("staff", "right", HERE).await.expect("let in");
        let database = rusqlite::Connection::open(project.file()).expect("writable");
        database.execute_batch(change).expect("valid");
        project.pass(119);
        assert!(is_known(&access, &session.cookie).await, "{change}");
        project.pass(1);
        assert!(!is_known(&access, &session.cookie).await, "{change}");
    }
}

#[tokio::test]
async fn where_looking_takes_a_login_whoever_loses_the_right_to_steer_may_still_look() {
    let project = Project::in_a_file();
    let access = project.gate(&project.login("staff", Readers::Users));
    let session = access.login("staff", "right", HERE).await.expect("let in");
    let database = rusqlite::Connection::open(project.file()).expect("writable");
    database
        .execute_batch("UPDATE auth_user SET is_staff = 0 WHERE username = 'staff'")
        .expect("valid");
    project.pass(120);
    let person = access.who(&session.cookie).await.expect("readable");
    assert!(!person.expect("still known").may_steer);
}

#[tokio::test]
async fn a_database_that_is_gone_or_no_djangos_refuses_logins_and_ends_no_session() {
    let project = Project::in_a_file();
    let access = project.access("staff");
    let session = access.login("staff", "right", HERE).await.expect("let in");
    std::fs::rename(project.file(), project.folder.path().join("away")).expect("ours");
    project.pass(600);
    assert!(is_known(&access, &session.cookie).await);
    let refused = refusal(&access, "staff", "right").await;
    assert!(matches!(refused, Refused::Down(_)), "{refused}");
    assert!(!project.file().exists(), "asking makes no file");
    for rubbish in [
        "",
        "no database at all, but some words of text that go on and on",
    ] {
        std::fs::write(project.file(), rubbish).expect("writable");
        let why = look(&project, "staff").await.expect_err("no Django's");
        assert!(why.contains("db.sqlite3"), "{why}");
    }
}

#[tokio::test]
async fn a_model_of_ones_own_has_tables_and_columns_of_its_own() {
    let mut project = Project::in_a_file();
    let database = rusqlite::Connection::open(project.file()).expect("writable");
    database
        .execute_batch(
            "ALTER TABLE auth_user RENAME TO my_app_account;
             ALTER TABLE my_app_account RENAME COLUMN username TO login;
             ALTER TABLE auth_user_groups RENAME TO my_app_account_groups;
             ALTER TABLE my_app_account_groups RENAME COLUMN user_id TO account_id;",
        )
        .expect("valid");
    project.pass(0);
    let mut login = project.login("group:Release managers", Readers::Everybody);
    if let Users::Django(users) = &mut login.users {
        users.table = "my_app_account".to_owned();
        users.column = "login".to_owned();
    }
    let access = project.gate(&login);
    access.login("member", "right", HERE).await.expect("let in");
    let why = look(&project, "staff").await.expect_err("renamed");
    assert!(why.contains("auth_user"), "{why}");
    project.address = "sqlite:///no/such/file".to_owned();
    let why = look(&project, "staff").await.expect_err("not there");
    assert!(why.contains("/no/such/file"), "{why}");
}

/// A command of `make access`.
#[track_caller]
fn told(variable: &str) {
    let command = std::env::var(variable).expect("make access runs this");
    let status = Command::new("sh").args(["-c", &command]).status();
    assert!(status.expect("sh").success(), "{variable}: {command}");
}

/// A server that is there, is asked, hangs, comes back, and is stopped.
#[tokio::test]
#[ignore = "make access runs it"]
async fn users_of_a_real_server_get_what_is_theirs_until_it_stops() {
    let address = std::env::var("DJBUILD_ACCESS_URL").expect("make access runs this");
    let project = Project::at(address.clone());
    everybody_gets_what_is_theirs(&project).await;
    let looked = look(&project, "staff").await.expect("there");
    assert_eq!(
        (looked.may_steer, looked.warnings.len()),
        (2, 0),
        "{looked:?}"
    );
    let owner = std::env::var("DJBUILD_ACCESS_OWNER_URL").expect("make access runs this");
    let looked = look(&Project::at(owner), "staff").await.expect("there");
    assert!(
        looked.warnings[0].contains("can change users"),
        "{looked:?}"
    );

    // Whom a certificate is not for, or whom nobody vouches for, is told no password.
    let (elsewhere, _) = address.split_once('?').expect("a certificate of its own");
    for wrong in [
        address.replace("localhost", "127.0.0.1"),
        format!("{elsewhere}?sslmode=require"),
    ] {
        let why = look(&Project::at(wrong), "staff")
            .await
            .expect_err("not trusted");
        assert!(why.contains("certificate"), "{why}");
        assert!(!why.contains("right-password"), "{why}");
    }
    let wrong = address.replace("right-password", "wrong-password");
    let why = look(&Project::at(wrong), "staff")
        .await
        .expect_err("refused");
    assert!(!why.contains("wrong-password"), "{why}");

    let access = project.access("staff");
    let staff = access.login("staff", "right", HERE).await.expect("let in");
    let other = access
        .login("sträusel@example.org", "right", HERE)
        .await
        .expect("let in");
    told("DJBUILD_ACCESS_DISABLE_STAFF");
    project.pass(119);
    assert!(is_known(&access, &staff.cookie).await);
    project.pass(1);
    assert!(!is_known(&access, &staff.cookie).await);
    assert!(is_known(&access, &other.cookie).await);

    told("DJBUILD_ACCESS_FREEZE");
    project.pass(600);
    let began = Instant::now();
    let refused = refusal(&access, "sträusel@example.org", "right")
        .await
        .to_string();
    let took = began.elapsed().as_secs_f64();
    told("DJBUILD_ACCESS_THAW");
    assert!(refused.contains("no answer within 3 s"), "{refused}");
    assert!((2.9..4.0).contains(&took), "{took}");
    access
        .login("sträusel@example.org", "right", HERE)
        .await
        .expect("it is back");

    told("DJBUILD_ACCESS_STOP");
    let refused = refusal(&access, "sträusel@example.org", "right").await;
    assert!(matches!(refused, Refused::Down(_)), "{refused}");
    assert!(!refused.to_string().contains("right-password"), "{refused}");
    project.pass(600);
    assert!(is_known(&access, &other.cookie).await, "sessions go on");
}
