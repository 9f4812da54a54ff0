use crate::model::redacted;

/// What kind of failure git tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The remote, or the way to it, is not there just now.
    Unreachable,
    /// The server has had enough for now.
    Busy,
    /// The remote knows us and says no, or does not know us.
    Refused,
    /// The host's key is not one that ssh knows.
    UnknownHost,
    /// There is no such repository.
    NoRepository,
    /// There is no such ref or commit.
    NoRevision,
    /// The server cannot give less than everything.
    NotShallow,
    /// Its objects are named by another hash than SHA-1.
    OtherHash,
    /// Too old to be told a URL by its environment.
    OldGit,
    /// Something else: a full disk, a lock, a damaged repository.
    Other,
}

/// Sentences of git 2.47, of OpenSSH 9 and of curl 8, the first that is found
/// decides. Trouble on this side comes first, for what follows from it looks like
/// trouble with the remote: on a full disk the connection ends early as well.
const SENTENCES: [(&str, Fault); 49] = [
    ("no space left on device", Fault::Other),
    ("disk quota exceeded", Fault::Other),
    ("read-only file system", Fault::Other),
    (".lock': file exists", Fault::Other),
    ("cannot lock ref", Fault::Other),
    ("out of memory", Fault::Other),
    ("insufficient permission for adding", Fault::Other),
    (
        "possible repository corruption on the remote side",
        Fault::Other,
    ),
    ("mismatched algorithms", Fault::OtherHash),
    (
        "'djbuild' does not appear to be a git repository",
        Fault::OldGit,
    ),
    (
        "dumb http transport does not support shallow",
        Fault::NotShallow,
    ),
    ("server does not support shallow", Fault::NotShallow),
    ("does not support --depth", Fault::NotShallow),
    ("couldn't find remote ref", Fault::NoRevision),
    ("not our ref", Fault::NoRevision),
    ("request for unadvertised object", Fault::NoRevision),
    ("no such remote ref", Fault::NoRevision),
    ("host key verification failed", Fault::UnknownHost),
    ("permission denied (", Fault::Refused),
    ("authentication failed", Fault::Refused),
    ("could not read username", Fault::Refused),
    ("could not read password", Fault::Refused),
    ("returned error: 401", Fault::Refused),
    ("returned error: 403", Fault::Refused),
    ("returned error: 407", Fault::Refused),
    ("certificate", Fault::Refused),
    ("returned error: 404", Fault::NoRepository),
    ("returned error: 410", Fault::NoRepository),
    ("repository not found", Fault::NoRepository),
    ("' not found", Fault::NoRepository),
    (
        "does not appear to be a git repository",
        Fault::NoRepository,
    ),
    ("repository not exported", Fault::NoRepository),
    ("returned error: 429", Fault::Busy),
    ("returned error: 5", Fault::Unreachable),
    ("could not resolve", Fault::Unreachable),
    ("unable to look up", Fault::Unreachable),
    ("failed to connect", Fault::Unreachable),
    ("couldn't connect", Fault::Unreachable),
    ("unable to connect", Fault::Unreachable),
    ("connect to host", Fault::Unreachable),
    ("timed out", Fault::Unreachable),
    ("connection closed by", Fault::Unreachable),
    ("connection reset", Fault::Unreachable),
    ("connection refused", Fault::Unreachable),
    ("hung up", Fault::Unreachable),
    ("early eof", Fault::Unreachable),
    ("empty reply from server", Fault::Unreachable),
    ("rpc failed", Fault::Unreachable),
    ("network is unreachable", Fault::Unreachable),
];

impl Fault {
    /// What git's standard error tells of.
    pub fn of(stderr: &str) -> Self {
        let lower = stderr.to_lowercase();
        SENTENCES
            .iter()
            .find(|(sentence, _)| lower.contains(sentence))
            .map_or(Self::Other, |(_, fault)| *fault)
    }

    /// Whether a little later it may be gone.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy)
    }
}

/// Git's own words without its progress, its politeness and the secrets of URLs.
pub fn words(stderr: &str) -> String {
    const POLITE: [&str; 4] = [
        "Please make sure you have the correct access rights",
        "and the repository exists.",
        "fatal: Could not read from remote repository.",
        "Warning: Permanently added",
    ];
    let mut kept: Vec<&str> = Vec::new();
    for line in stderr.split(['\n', '\r']).map(str::trim) {
        let is_progress = line.contains("% (") || line.starts_with("remote: Enumerating");
        let is_noise = line.is_empty()
            || is_progress
            || line.starts_with("remote: Total")
            || line.starts_with("From ")
            || line.starts_with("* [new")
            || POLITE.iter().any(|polite| line.starts_with(polite));
        let line = ["fatal: ", "error: "]
            .iter()
            .find_map(|prefix| line.strip_prefix(prefix))
            .unwrap_or(line);
        if !is_noise && !kept.contains(&line) {
            kept.push(line);
        }
    }
    kept.truncate(6);
    if kept.is_empty() {
        return "git failed and did not say why".to_owned();
    }
    redacted(&kept.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the programs said them.
    const SAID: [(&str, Fault); 29] = [
        (
            "fatal: '/srv/nope' does not appear to be a git repository\nfatal: Could not read from \
             remote repository.\n\nPlease make sure you have the correct access rights\nand the \
             repository exists.\n",
            Fault::NoRepository,
        ),
        (
            "fatal: repository 'http://x.org/404/x/' not found",
            Fault::NoRepository,
        ),
        (
            "ERROR: Repository not found.\nfatal: Could not read from remote repository.",
            Fault::NoRepository,
        ),
        (
            "fatal: remote error: access denied or repository not exported: /r",
            Fault::NoRepository,
        ),
        (
            "fatal: unable to access 'https://x.invalid/x/': Could not resolve host: x.invalid",
            Fault::Unreachable,
        ),
        (
            "fatal: unable to access 'http://127.0.0.1:1/x/': Failed to connect to 127.0.0.1 port 1 \
             after 0 ms: Couldn't connect to server",
            Fault::Unreachable,
        ),
        (
            "fatal: unable to connect to 127.0.0.1:\n127.0.0.1[0: 127.0.0.1]: errno=Connection refused\n",
            Fault::Unreachable,
        ),
        (
            "fatal: unable to look up x.invalid (port 9418) (Name or service not known)",
            Fault::Unreachable,
        ),
        (
            "ssh: Could not resolve hostname x.invalid: Name or service not known",
            Fault::Unreachable,
        ),
        (
            "ssh: connect to host 127.0.0.1 port 1: Connection refused",
            Fault::Unreachable,
        ),
        ("Connection closed by 192.0.2.1 port 22", Fault::Unreachable),
        (
            "fatal: unable to access 'http://x.org/': The requested URL returned error: 503",
            Fault::Unreachable,
        ),
        (
            "error: RPC failed; curl 18 transfer closed\nfatal: early EOF",
            Fault::Unreachable,
        ),
        (
            "fatal: unable to access 'http://x.org/': The requested URL returned error: 429",
            Fault::Busy,
        ),
        (
            "fatal: unable to access 'http://x.org/': The requested URL returned error: 403",
            Fault::Refused,
        ),
        (
            "fatal: Authentication failed for 'http://x.org/401/x/'",
            Fault::Refused,
        ),
        (
            "fatal: could not read Username for 'http://x.org': terminal prompts disabled",
            Fault::Refused,
        ),
        (
            "fatal: could not read Password for 'http://me@x.org': terminal prompts disabled",
            Fault::Refused,
        ),
        (
            "git@x.org: Permission denied (publickey).\nfatal: Could not read from remote repository.",
            Fault::Refused,
        ),
        (
            "fatal: unable to access 'https://localhost/x/': server certificate verification failed. \
             CAfile: /etc/ssl/certs/ca-certificates.crt CRLfile: none",
            Fault::Refused,
        ),
        (
            "Host key verification failed.\nfatal: Could not read from remote repository.",
            Fault::UnknownHost,
        ),
        (
            "fatal: couldn't find remote ref refs/heads/nope",
            Fault::NoRevision,
        ),
        (
            "fatal: remote error: upload-pack: not our ref 0123456789012345678901234567890123456789",
            Fault::NoRevision,
        ),
        (
            "fatal: unable to write loose object file: No space left on device\nfatal: unpack-objects failed",
            Fault::Other,
        ),
        (
            "fatal: write error: No space left on device\nfatal: early EOF",
            Fault::Other,
        ),
        (
            "fatal: Unable to create '/m/shallow.lock': File exists.\n\nAnother git process seems to be running",
            Fault::Other,
        ),
        ("fatal: transport 'ext' not allowed", Fault::Other),
        (
            "remote: fatal: unable to read 0cfbf08886fca9a91cb753ec8734c84fcbe52c9f\nremote: aborting \
             due to possible repository corruption on the remote side.\nfatal: early EOF",
            Fault::Other,
        ),
        (
            "fatal: mismatched algorithms: client sha1; server sha256",
            Fault::OtherHash,
        ),
    ];

    #[test]
    fn every_sentence_of_git_is_told_apart() {
        for (said, fault) in SAID {
            assert_eq!(Fault::of(said), fault, "{said}");
        }
    }

    #[test]
    fn what_git_says_is_told_without_its_politeness() {
        assert_eq!(
            words(SAID[0].0),
            "'/srv/nope' does not appear to be a git repository"
        );
        assert_eq!(words("remote: Total 4\n"), "git failed and did not say why");
        assert_eq!(
            words("fatal: Authentication failed for 'https://me:secret@x.org/d/'"),
            "Authentication failed for 'https://x.org/d/'"
        );
    }
}
