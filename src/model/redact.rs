/// A text without the secrets of the URLs in it: names and passwords before a
/// host (a name alone may be a token), and the values of queries. The user of an
/// ssh URL stays, for it is half of the address.
///
/// The text may be a URL or anything that quotes some, such as what git says.
pub fn redacted(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_delimiter).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        push_word(word, &mut clean);
        let delimiter = after.chars().next().map_or(0, char::len_utf8);
        clean.push_str(&after[..delimiter]);
        rest = &after[delimiter..];
    }
    clean
}

/// What no URL has in it, however it is quoted.
fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\'' | '"' | '`' | '<' | '>')
}

fn push_word(word: &str, clean: &mut String) {
    let Some(at) = word.find("://") else {
        return push_address(word, clean);
    };
    let (scheme, rest) = (&word[..at], &word[at + 3..]);
    clean.push_str(scheme);
    clean.push_str("://");
    let (user, rest) = split_user(rest);
    if scheme.ends_with("ssh")
        && let Some(name) = user.and_then(|user| user.split(':').next())
    {
        clean.push_str(name);
        clean.push('@');
    }
    match rest.split_once('?') {
        Some((path, query)) => {
            push_path(path, clean);
            clean.push('?');
            push_query(query, clean);
        }
        None => push_path(rest, clean),
    }
}

/// What is before the host, and what is from it on.
fn split_user(rest: &str) -> (Option<&str>, &str) {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // A password with a slash in it looks like a host with a strange port.
    let odd_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().any(|byte| !byte.is_ascii_digit()));
    let at = match authority.rfind('@') {
        None if odd_port && !authority.starts_with('[') => rest.rfind('@'),
        found => found,
    };
    at.map_or((None, rest), |at| (Some(&rest[..at]), &rest[at + 1..]))
}

/// A path may have another address in it, as those of caching proxies do.
fn push_path(path: &str, clean: &mut String) {
    match path.find("://") {
        Some(at) => {
            let scheme = path[..at].rfind('/').map_or(0, |slash| slash + 1);
            clean.push_str(&path[..scheme]);
            push_word(&path[scheme..], clean);
        }
        None => clean.push_str(path),
    }
}

fn push_query(query: &str, clean: &mut String) {
    for (index, pair) in query.split('&').enumerate() {
        if index > 0 {
            clean.push('&');
        }
        if let Some((key, _)) = pair.split_once('=') {
            clean.push_str(key);
            clean.push('=');
        }
        clean.push_str("***");
    }
}

/// `name:password@host`, as proxies are written; `git@host:path` has no secret.
fn push_address(word: &str, clean: &mut String) {
    let secret = word.split_once('@').and_then(|(user, host)| {
        let (name, password) = user.split_once(':')?;
        (!password.is_empty() && !user.contains('/')).then_some((name, host))
    });
    match secret {
        Some((name, host)) => {
            let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '%' | '+');
            clean.push_str(name.trim_end_matches(is_name));
            clean.push_str(host);
        }
        None => clean.push_str(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_an_address_are_for_its_server_alone() {
        for (url, shown) in [
            (
                "https://me:secret@example.org/d.git",
                "https://example.org/d.git",
            ),
            ("https://TOKEN@example.org/d", "https://example.org/d"),
            ("https://me:p@ss@example.org/d", "https://example.org/d"),
            ("https://me:pa/ss@example.org/d", "https://example.org/d"),
            (
                "https://x.org/d?private_token=abc&b=c",
                "https://x.org/d?private_token=***&b=***",
            ),
            ("https://x.org/d?abc", "https://x.org/d?***"),
            ("ssh://me:secret@x.org:22/d", "ssh://me@x.org:22/d"),
            ("git+ssh://me@x.org/d", "git+ssh://me@x.org/d"),
            (
                "https://x.org/proxy/https://t@y.org/d",
                "https://x.org/proxy/https://y.org/d",
            ),
            ("me:secret@proxy:3128", "proxy:3128"),
        ] {
            assert_eq!(redacted(url), shown);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_around_an_address_keeps_its_secret(before in "\\PC*", after in "\\PC*") {
            let text = format!("{before}https://me:SECRET@example.org/d{after}");
            proptest::prop_assert!(!redacted(&text).contains("SECRET"), "{text}");
        }
    }

    #[test]
    fn what_has_no_secret_stays_as_it_is() {
        for url in [
            "git@example.org:d.git",
            "ssh://me@example.org/d",
            "/srv/d.git",
            "file:///srv/a@b/d",
            "https://[::1]:8000/d@2",
            "https://example.org:8000/a/b@v1#sha256=abc",
            "fatal: no@such: branch",
        ] {
            assert_eq!(redacted(url), url);
        }
    }

    #[test]
    fn addresses_inside_of_what_git_says_are_cleaned() {
        let said = "fatal: Authentication failed for 'https://me:secret@x.org/d/'\n(http://t@y)";
        let clean = "fatal: Authentication failed for 'https://x.org/d/'\n(http://y)";
        assert_eq!(redacted(said), clean);
    }
}
