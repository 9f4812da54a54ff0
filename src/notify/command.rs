use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Letter, NotifyError, PATIENCE};

/// How often it is asked whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);
/// So much is told of what a program says.
const SAID: u64 = 2000;

/// Runs a program, without a shell, that gets the notice on its standard input: as JSON, or
/// in words of its own.
pub fn run(words: &[String], letter: &Letter) -> Result<(), NotifyError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(NotifyError::Never("there is no program to run".to_owned()));
    };
    let failed = |error: std::io::Error| NotifyError::Later(format!("{program}: {error}"));
    let mut child = Command::new(program)
        .args(arguments)
        .env("DJBUILD_NOTICE_ID", &letter.id)
        .env("DJBUILD_NOTICE_HEADLINE", &letter.headline)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        let text = letter.worded.as_ref().unwrap_or(&letter.json).clone();
        // A program that reads nothing must not hold this up.
        std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    }
    let stderr = child.stderr.take();
    let saying = std::thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(stderr) = stderr {
            let _ = stderr.take(SAID).read_to_end(&mut said);
        }
        String::from_utf8_lossy(&said).trim().to_owned()
    });
    match wait(&mut child).map_err(failed)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => {
            let said = saying.join().unwrap_or_default();
            let said = said.lines().last().unwrap_or_default();
            Err(NotifyError::Later(format!("{program}: {status}: {said}")))
        }
        None => Err(NotifyError::Later(format!(
            "{program}: did not end within {} s",
            PATIENCE.as_secs()
        ))),
    }
}

/// Waits for its end, but not for ever: then it is killed with all that it started.
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(LOOK);
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    child.wait()?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "request 1 for team".to_owned(),
            headline: "main; rm -rf / $(id)".to_owned(),
            json: "{\"headline\":\"x\"}".to_owned(),
            ..Letter::default()
        }
    }

    fn shell(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_program_gets_the_notice_on_its_input_and_what_it_is_called_in_its_environment() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("got");
        let script = format!(
            "cat > {0}; printf '\\n%s\\n%s' \"$DJBUILD_NOTICE_ID\" \"$DJBUILD_NOTICE_HEADLINE\" >> {0}",
            path.display()
        );
        run(&shell(&script), &letter()).expect("taken");
        let got = std::fs::read_to_string(path).expect("written");
        assert_eq!(
            got,
            "{\"headline\":\"x\"}\nrequest 1 for team\nmain; rm -rf / $(id)"
        );
    }

    #[test]
    fn one_that_fails_or_is_not_there_is_tried_again_later_with_what_it_said() {
        let failed = run(&shell("echo no luck >&2; exit 3"), &letter()).expect_err("3");
        assert!(failed.to_string().contains("no luck"), "{failed}");
        assert!(matches!(failed, NotifyError::Later(_)));
        assert!(run(&["/no/such/program".to_owned()], &letter()).is_err());
    }
}
