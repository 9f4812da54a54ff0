use super::git::Git;

/// The address of a remote, and apart from it what proves who we are: git puts
/// addresses into argument lists, which other users of the machine can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Without what is a secret, where git has another way to be told it.
    pub url: String,
    key: Option<Key>,
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    /// The server it is for: scheme, host and port.
    server: String,
    user: String,
    password: Option<String>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

/// A credential helper that knows what its environment says.
const HELPER: &str = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \
                      \"$DJBUILD_GIT_USER\" \"$DJBUILD_GIT_PASSWORD\"; }; f";

impl Address {
    /// Takes apart what was typed.
    pub fn new(typed: &str) -> Self {
        let whole = || Self {
            url: typed.to_owned(),
            key: None,
        };
        let Ok(mut url) = url::Url::parse(typed) else {
            return whole();
        };
        let has_user = !url.username().is_empty() || url.password().is_some();
        let Some(host) = url.host_str().filter(|_| has_user) else {
            return whole();
        };
        if !matches!(url.scheme(), "http" | "https") {
            return whole();
        }
        let port = url
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        let key = Key {
            server: format!("{}://{host}{port}", url.scheme()),
            user: decoded(url.username()),
            password: url.password().map(decoded),
        };
        // It has a host, so both can be taken away.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Self {
            url: url.into(),
            key: Some(key),
        }
    }

    /// Tells git of it, by ways that nobody else sees.
    pub fn tell(&self, git: Git) -> Git {
        let git = git.config("remote.djbuild.url", &self.url);
        let Some(key) = &self.key else {
            return git;
        };
        let named = |what: &str| format!("credential.{}.{what}", key.server);
        match &key.password {
            // Who types a password means this one, whatever a helper knows.
            Some(password) => git
                .config("credential.helper", "")
                .config(named("helper"), HELPER)
                .env("DJBUILD_GIT_USER", &key.user)
                .env("DJBUILD_GIT_PASSWORD", password),
            None => git.config(named("username"), &key.user),
        }
    }
}

fn decoded(text: &str) -> String {
    let bytes = url::form_urlencoded::parse(text.replace('+', "%2B").as_bytes())
        .next()
        .map(|(text, _)| text.into_owned());
    bytes.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parted_from_its_password() {
        let address = Address::new("https://me:s%40c+ret@example.org:8443/d.git");
        assert_eq!(address.url, "https://example.org:8443/d.git");
        let key = address.key.as_ref().expect("a password");
        assert_eq!(key.server, "https://example.org:8443");
        assert_eq!(key.password.as_deref(), Some("s@c+ret"));
        assert!(!format!("{address:?}").contains("ret"));
    }

    #[test]
    fn an_address_without_one_is_left_as_it_was_typed() {
        for typed in [
            "git@x.org:a/b",
            "ssh://me@x.org/d",
            "/srv/d",
            "https://x.org/D",
        ] {
            let address = Address::new(typed);
            assert_eq!((address.url.as_str(), &address.key), (typed, &None));
        }
    }
}
