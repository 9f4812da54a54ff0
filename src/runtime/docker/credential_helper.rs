use std::process::Stdio;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// A keychain may have to be unlocked; nobody is there to do it.
const PATIENCE: Duration = Duration::from_secs(10);
/// The user name of what is no password but a token.
const TOKEN: &str = "<token>";

/// A helper that does not say what it keeps.
#[derive(Debug, thiserror::Error)]
#[error("{helper}: {why}")]
pub struct HelperError {
    helper: String,
    why: String,
}

/// Asks the program that keeps them
/// (<https://github.com/docker/docker-credential-helpers#development>).
pub async fn ask(helper: &str, registry: &str) -> Result<Option<DockerCredentials>, HelperError> {
    let failed = |why: String| HelperError {
        helper: helper.to_owned(),
        why,
    };
    let answer = async {
        let mut child = Command::new(helper)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(registry.as_bytes()).await?;
        }
        child.wait_with_output().await
    };
    let output = timeout(PATIENCE, answer)
        .await
        .map_err(|_| failed(format!("no answer in {} s", PATIENCE.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        let said = said.trim();
        // As the helpers' own library says it.
        if said.contains("credentials not found") {
            return Ok(None);
        }
        return Err(failed(format!("{}, {said}", output.status)));
    }
    let answer: Value = serde_json::from_slice(&output.stdout)
        // What it said is a secret.
        .map_err(|_| failed("its answer is no JSON".to_owned()))?;
    let text = |key| {
        let value = answer.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let (user, secret) = (text("Username"), text("Secret"));
    Ok(Some(if user == TOKEN {
        by_token(secret, registry)
    } else {
        by_password(user, secret, registry)
    }))
}

/// A user's.
pub fn by_password(user: String, password: String, registry: &str) -> DockerCredentials {
    DockerCredentials {
        username: Some(user),
        password: Some(password),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    }
}

/// A token that stands for a user and a password.
pub fn by_token(token: String, registry: &str) -> DockerCredentials {
    DockerCredentials {
        identitytoken: Some(token),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_helper_is_asked_for_the_registry_and_may_know_nothing_or_fail() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let helper = folder.path().join("docker-credential-lab");
        let script = "#!/bin/sh
            read -r registry
            case $registry in
                ghcr.io) echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}' ;;
                mirror.example) echo '{\"Username\":\"me\",\"Secret\":\"s\"}' ;;
                broken.example) echo secret ;;
                locked.example) echo keychain is locked; exit 1 ;;
                *) echo credentials not found in native keychain; exit 1 ;;
            esac";
        std::fs::write(&helper, script).expect("writable");
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755))
            .expect("writable");
        let helper = helper.to_str().expect("text");
        let asked = |registry: &'static str| ask(helper, registry);
        let token = asked("ghcr.io").await.expect("an answer").expect("known");
        assert_eq!(token.identitytoken.as_deref(), Some("t"));
        let pair = asked("mirror.example").await.expect("an answer");
        assert_eq!(pair.expect("known").username.as_deref(), Some("me"));
        assert!(asked("other").await.expect("an answer").is_none());
        let locked = asked("locked.example").await.expect_err("it fails");
        assert!(
            locked.to_string().contains("keychain is locked"),
            "{locked}"
        );
        let broken = asked("broken.example").await.expect_err("no JSON");
        assert!(!broken.to_string().contains("secret"), "{broken}");
    }
}
