//! Where Django comes from, through the real binary; `djbuild matrix` shows it.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{DJANGO, User, release, shell};

/// As much of Django as it takes to know what it supports, in a git checkout.
fn small_checkout(user: &User) -> PathBuf {
    let checkout = user.folder().join("django");
    let git = "git -c user.name=t -c user.email=t@example.org -c core.excludesFile=/dev/null";
    shell(&format!(
        "mkdir {0} && git -C {1} archive refs/djbuild/django-{DJANGO} pyproject.toml tests/runtests.py \
         django/__init__.py django/db/backends docs/ref/contrib/gis/install | tar -x -C {0} && \
         cd {0} && git init -q -b main && {git} add -f . && {git} commit -qm Django",
        checkout.display(),
        release().display()
    ));
    checkout
}

#[test]
fn branches_come_from_a_git_url_by_glob_and_as_committed() {
    let user = User::new();
    let checkout = small_checkout(&user);
    shell(&format!(
        "cd {} && git branch stable/6.1.x && git branch other",
        checkout.display()
    ));
    let url = format!("file://{}", checkout.display());
    let ran = user.run(&["matrix", "--source", &url, "--branch", "stable/*"]);
    ran.exits_with(0);
    assert!(ran.stdout.contains("stable/6.1.x at "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("other"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("on disk"), "{}", ran.stdout);

    let words = ["matrix", "-s", &url, "-b", "main", "--branch", "nothing/*"];
    let none = user.run(&words);
    none.exits_with(2);
    assert!(
        none.stderr.contains("no branch that matches nothing/*"),
        "{}",
        none.stderr
    );
}

#[test]
fn a_checkout_and_its_branches_stand_beside_each_other() {
    let user = User::new();
    let checkout = small_checkout(&user);
    shell(&format!(
        "cd {} && git tag v1 && git branch stable/6.1.x",
        checkout.display()
    ));
    let names = |words: &[&str]| {
        let mut all = vec!["matrix", "--format", "list", "-d", "sqlite"];
        all.extend(words);
        let ran = user.run_in(&checkout, &all);
        ran.exits_with(0);
        ran.stdout.replace("-python3.15-sqlite\n", " ")
    };
    assert_eq!(names(&["-b", "main", "--worktree"]), "main main@worktree ");
    assert_eq!(names(&["-b", "stable/*", "-b", "v1"]), "stable/6.1.x v1 ");
    assert_eq!(names(&["-s", ".", "-s", "../django"]), "main main@django ");
}

#[test]
fn a_django_tree_without_git_is_not_passed_over_for_another_django() {
    let user = User::new();
    let tree = user.folder().join("plain");
    for file in ["django/__init__.py", "tests/runtests.py"] {
        let path = tree.join(file);
        fs::create_dir_all(path.parent().expect("inside the tree")).expect("a folder");
        fs::write(path, "").expect("a file");
    }
    let ran = user.run_in(&tree.join("tests"), &["matrix"]);
    ran.exits_with(2);
    assert!(ran.stderr.contains("git init"), "{}", ran.stderr);
}

/// A server of git repositories that wants a name and a password.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn of(folder: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/git_http.py");
        let mut process = Command::new("python3")
            .arg(script)
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let stdout = process.stdout.take().expect("piped above");
        let mut port = String::new();
        BufReader::new(stdout).read_line(&mut port).expect("a port");
        let url = format!("http://127.0.0.1:{}/django/.git", port.trim());
        Self { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_remote_gets_the_password_that_gits_own_helper_knows() {
    let user = User::new();
    let checkout = small_checkout(&user);
    let server = Server::of(checkout.parent().expect("a folder"));
    let home: PathBuf = user.folder().join("home");
    fs::create_dir(&home).expect("a new folder");
    fs::write(home.join(".gitconfig"), "[credential]\nhelper = store\n").expect("a file");
    let list = || {
        let words = [
            "matrix", "--format", "list", "-d", "sqlite", "-b", "main", "-s",
        ];
        let words = [&words[..], &[&server.url]].concat();
        let output = user.djbuild(&words).env("HOME", &home).output();
        output.expect("djbuild starts")
    };
    let refused = list();
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("credential helper"), "{stderr}");
    let password = server.url.replace("http://", "http://me:secret@");
    let password = password.trim_end_matches("/django/.git");
    fs::write(home.join(".git-credentials"), format!("{password}\n")).expect("a file");
    let stdout = String::from_utf8_lossy(&list().stdout).into_owned();
    assert_eq!(stdout, "main-python3.15-sqlite\n");
}

/// The words that show what a source has: nothing but a name, if it can be reached.
const LIST: [&str; 7] = ["matrix", "--format", "list", "-d", "sqlite", "-b", "main"];

/// djbuild in a home of its own, listing a source.
fn listing(user: &User, source: &str) -> Command {
    let mut command = user.djbuild(&[&LIST[..], &["-s", source]].concat());
    command.env("HOME", user.folder());
    command
}

#[track_caller]
fn lists(command: &mut Command) {
    let output = command.output().expect("djbuild starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(output.stdout, b"main-python3.15-sqlite\n", "{stderr}");
}

/// A program in place of ssh: it notes what it was asked, and runs the command here.
fn fake_ssh(folder: &Path) -> PathBuf {
    let program = folder.join("ssh");
    let text = format!(
        "#!/bin/sh\necho \"$@\" >> {}\nfor last; do :; done\nexec sh -c \"$last\"\n",
        folder.join("ssh-asked").display()
    );
    fs::write(&program, text).expect("a file");
    shell(&format!("chmod +x {}", program.display()));
    program
}

#[test]
fn ssh_is_the_users_own_and_asks_nobody_unless_they_say_otherwise() {
    let user = User::new();
    let checkout = small_checkout(&user);
    let url = format!("git@myalias:{}", checkout.display());
    let program = fake_ssh(user.folder());
    let asked = || {
        let asked = user.folder().join("ssh-asked");
        let said = fs::read_to_string(&asked).expect("it was asked");
        fs::remove_file(asked).expect("removed");
        said
    };
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", user.folder().display());
    let git_ssh = ["GIT_SSH_COMMAND", "GIT_SSH"];
    let mut usual = listing(&user, &url);
    for name in git_ssh {
        usual.env_remove(name);
    }
    lists(usual.env("PATH", &path));
    let said = asked();
    assert!(
        said.contains("BatchMode=yes") && said.contains("git@myalias"),
        "{said}"
    );

    lists(listing(&user, &url).env("GIT_SSH_COMMAND", format!("{} -v", program.display())));
    let said = asked();
    assert!(said.contains("-v") && !said.contains("BatchMode"), "{said}");

    let config = user.folder().join("gitconfig");
    let text = format!(
        "[core]\nsshCommand = {} -4\n[url \"git@myalias:\"]\ninsteadOf = work:\n",
        program.display()
    );
    fs::write(&config, text).expect("a file");
    let url = format!("me@work:{}", checkout.display());
    let mut configured = listing(&user, &url);
    for name in git_ssh {
        configured.env_remove(name);
    }
    lists(configured.env("GIT_CONFIG_GLOBAL", &config));
    assert!(asked().contains("-4"));
}

#[test]
fn an_address_that_git_writes_another_way_is_found_there() {
    let user = User::new();
    let checkout = small_checkout(&user);
    let config = user.folder().join("gitconfig");
    let parent = checkout.parent().expect("a folder").display();
    let text = format!("[url \"file://{parent}/\"]\ninsteadOf = https://git.invalid/\n");
    fs::write(&config, text).expect("a file");
    lists(listing(&user, "https://git.invalid/django").env("GIT_CONFIG_GLOBAL", &config));
}

#[test]
fn without_git_there_is_a_word_on_how_to_get_it() {
    let user = User::new();
    let checkout = small_checkout(&user);
    let url = format!("file://{}", checkout.display());
    for source in [url.as_str(), checkout.to_str().expect("UTF-8")] {
        let output = listing(&user, source).env("PATH", "/nowhere").output();
        let output = output.expect("djbuild starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains("apt-get install git"), "{stderr}");
    }
}

#[test]
fn a_checkout_of_somebody_else_is_read_when_git_was_told_to_trust_it() {
    let user = User::new();
    let checkout = small_checkout(&user);
    let config = user.folder().join("gitconfig");
    fs::write(&config, "").expect("a file");
    let list = || {
        let mut command = listing(&user, checkout.to_str().expect("UTF-8"));
        command
            .env("GIT_CONFIG_GLOBAL", &config)
            // Git's own way to test it.
            .env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
        command
    };
    let refused = list().output().expect("djbuild starts");
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("safe.directory"), "{stderr}");
    let text = format!("[safe]\ndirectory = {}\n", checkout.display());
    fs::write(&config, text).expect("a file");
    lists(&mut list());
}

#[test]
fn git_does_not_outlive_djbuild_however_that_dies() {
    let user = User::new();
    let mark = user.folder().join("pid");
    let program = user.folder().join("hanging-ssh");
    let text = format!("#!/bin/sh\necho $$ > {}\nexec sleep 600\n", mark.display());
    fs::write(&program, text).expect("a file");
    shell(&format!("chmod +x {}", program.display()));
    for signal in ["KILL", "INT", "TERM"] {
        let mut command = listing(&user, "git@nowhere.invalid:django");
        command.env("GIT_SSH_COMMAND", &program);
        let mut djbuild = command.spawn().expect("djbuild starts");
        let waiting = |done: &dyn Fn() -> bool| {
            for _ in 0..100 {
                if done() {
                    return true;
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            false
        };
        assert!(waiting(&|| mark.exists()), "ssh was not started");
        assert!(waiting(
            &|| fs::read_to_string(&mark).is_ok_and(|pid| pid.ends_with('\n'))
        ));
        let pid = fs::read_to_string(&mark).expect("a number");
        shell(&format!("kill -{signal} {}", djbuild.id()));
        djbuild.wait().expect("it was started");
        let stat = format!("/proc/{}/stat", pid.trim());
        let gone = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
        assert!(waiting(&gone), "ssh lives on after {signal}");
        fs::remove_file(&mark).expect("removed");
    }
}
