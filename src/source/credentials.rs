use std::path::PathBuf;

use git2::{Config, Cred, CredentialType, Error, ProxyOptions, RemoteCallbacks};

/// The user's own ways to prove who they are, each tried once: the SSH agent,
/// the usual key files, and git's credential helpers.
pub fn callbacks<'a>() -> RemoteCallbacks<'a> {
    let mut callbacks = RemoteCallbacks::new();
    let mut keys = key_files().into_iter();
    let (mut agent, mut helper) = (false, false);
    callbacks.credentials(move |url, named, allowed| {
        let user = named.unwrap_or("git");
        if allowed.contains(CredentialType::USERNAME) {
            return Cred::username(user);
        }
        if allowed.contains(CredentialType::SSH_KEY) {
            if !std::mem::replace(&mut agent, true)
                && let Ok(credential) = Cred::ssh_key_from_agent(user)
            {
                return Ok(credential);
            }
            if let Some(key) = keys.next() {
                return Cred::ssh_key(user, None, &key, None);
            }
            return Err(Error::from_str(
                "the SSH agent and the keys in ~/.ssh were refused: try `ssh-add`, and `git ls-remote` \
                 on the same URL",
            ));
        }
        if allowed.contains(CredentialType::USER_PASS_PLAINTEXT)
            && !std::mem::replace(&mut helper, true)
            && let Ok(config) = Config::open_default()
            && let Ok(credential) = Cred::credential_helper(&config, url, named)
        {
            return Ok(credential);
        }
        if allowed.contains(CredentialType::DEFAULT) {
            return Cred::default();
        }
        Err(Error::from_str(
            "it wants a name and a password, and git's credential helper has none that it takes",
        ))
    });
    callbacks
}

/// Where ssh itself looks for keys.
fn key_files() -> Vec<PathBuf> {
    let Some(home) = std::env::home_dir() else {
        return Vec::new();
    };
    ["id_ed25519", "id_ecdsa", "id_rsa"]
        .into_iter()
        .map(|name| home.join(".ssh").join(name))
        .filter(|path| path.is_file())
        .collect()
}

/// The proxy that git's configuration or the environment names.
pub fn proxy<'a>() -> ProxyOptions<'a> {
    let mut options = ProxyOptions::new();
    options.auto();
    options
}
