use serde_json::json;

use super::{Letter, NotifyError, web};
use crate::spec::Github;

/// So much of a description GitHub takes, in characters.
const DESCRIPTION: usize = 140;

/// Sets the status of a commit. To set it twice is to set it once: of statuses of one
/// context the last counts.
pub fn post(github: &Github, token: &str, letter: &Letter) -> Result<(), NotifyError> {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Accept", "application/vnd.github+json"),
        ("X-GitHub-Api-Version", "2022-11-28"),
    ];
    let repository = format!("{}/repos/{}", github.api, github.repository);
    let Some(commit) = &letter.commit else {
        // A trouble or a test is about no commit, but whether the token opens is asked.
        return web::get(&repository, &headers);
    };
    let url = format!("{repository}/statuses/{}", commit.revision);
    let description = letter.worded.as_ref().unwrap_or(&letter.headline);
    let mut status = json!({
        "state": state(&commit.outcome),
        "context": format!("djbuild/{}", commit.scheduler),
        "description": shortened(description),
    });
    if let Some(link) = &letter.link {
        status["target_url"] = json!(link);
    }
    web::post(&url, &headers, &status.to_string())
}

fn state(outcome: &str) -> &'static str {
    match outcome {
        "passed" => "success",
        "failed" | "errored" | "empty" => "failure",
        _ => "error",
    }
}

fn shortened(text: &str) -> String {
    let line = text.lines().collect::<Vec<&str>>().join(" ");
    if line.chars().count() <= DESCRIPTION {
        return line;
    }
    let kept: String = line.chars().take(DESCRIPTION - 1).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::super::served::served;
    use super::super::{Commit, Secrets, send};
    use super::*;
    use crate::spec::{Secret, Way};

    fn github(api: &str) -> Github {
        Github {
            repository: "me/django".to_owned(),
            token: Secret::Named("github".to_owned()),
            api: api.to_owned(),
        }
    }

    fn letter() -> Letter {
        Letter {
            headline: "main at 0123456789: failed: ä".to_owned() + &"ö".repeat(200),
            link: Some("https://example.org/run/1".to_owned()),
            commit: Some(Commit {
                revision: "0123456789abcdef".to_owned(),
                scheduler: "nightly".to_owned(),
                outcome: "failed".to_owned(),
            }),
            ..Letter::default()
        }
    }

    #[test]
    fn a_commit_gets_a_status_of_its_scheduler() {
        let (url, got) = served("201 Created", "");
        post(&github(&url), "TOKEN", &letter()).expect("taken");
        let got = got.join().expect("received");
        let (head, body) = got.split_once("\n\n").expect("a body");
        assert!(
            head.starts_with("POST /repos/me/django/statuses/0123456789abcdef "),
            "{head}"
        );
        assert!(
            head.to_lowercase().contains("authorization: bearer token"),
            "{head}"
        );
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["state"], "failure");
        assert_eq!(body["context"], "djbuild/nightly");
        assert_eq!(body["target_url"], "https://example.org/run/1");
        let description = body["description"].as_str().expect("words");
        assert_eq!(description.chars().count(), 140);
    }

    #[test]
    fn each_outcome_has_its_state() {
        for (outcome, expected) in [
            ("passed", "success"),
            ("failed", "failure"),
            ("errored", "failure"),
            ("empty", "failure"),
            ("infrastructure", "error"),
        ] {
            assert_eq!(state(outcome), expected);
        }
    }

    #[test]
    fn a_test_asks_whether_the_token_opens() {
        let (url, got) = served("200 OK", "{}");
        let letter = Letter {
            commit: None,
            ..letter()
        };
        post(&github(&url), "TOKEN", &letter).expect("it does");
        let got = got.join().expect("received");
        assert!(got.starts_with("GET /repos/me/django "), "{got}");
    }

    #[test]
    fn a_limit_passes_and_a_refusal_says_why() {
        let said = "{\"message\":\"No commit found for SHA: 0123\"}";
        let (url, _got) = served("422 Unprocessable Entity", said);
        let error = post(&github(&url), "TOKEN", &letter()).expect_err("refused");
        assert!(error.to_string().contains("No commit found"), "{error}");
        assert!(matches!(error, NotifyError::Never(_)), "{error:?}");
        let (url, _got) = served("403 Forbidden\r\nX-RateLimit-Remaining: 0", "");
        let error = post(&github(&url), "TOKEN", &letter()).expect_err("busy");
        assert!(matches!(error, NotifyError::Later(_)), "{error:?}");
    }

    #[test]
    fn a_token_is_in_nothing_that_is_told_of_a_refusal() {
        let said = "{\"message\":\"who is PLANTED-TOKEN?\"}";
        let (url, got) = served("401 Unauthorized", said);
        let github = Github {
            token: Secret::Plain("PLANTED-TOKEN".to_owned()),
            ..github(&url)
        };
        let secrets = Secrets::find(None);
        let error = send(&Way::Github(github), &letter(), &secrets).expect_err("refused");
        assert!(matches!(error, NotifyError::Unwelcome(_)), "{error:?}");
        assert!(
            !format!("{error} {error:?}").contains("PLANTED"),
            "{error:?}"
        );
        assert!(got.join().expect("received").contains("PLANTED-TOKEN"));
    }
}
