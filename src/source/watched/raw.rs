use git2::Oid;

/// A subject is told up to here; hostile ones are megabytes.
const SUBJECT: usize = 1000;

/// What a commit says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Raw {
    /// Its files.
    pub tree: Oid,
    /// The first is what it was made on.
    pub parents: Vec<Oid>,
    /// The name alone.
    pub author: String,
    /// Milliseconds since 1970; 0 where it says no number.
    pub committed: i64,
    /// The first line of its message.
    pub subject: String,
}

impl Raw {
    /// Reads it, as far as it can be read; `None` where its files or parents cannot.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (head, message) = bytes.split_at(end.unwrap_or(bytes.len()));
        let mut lines = head.split(|byte| *byte == b'\n').peekable();
        let tree = whole(lines.next()?.strip_prefix(b"tree ")?)?;
        let mut parents = Vec::new();
        // Those that come later are none, to git as well.
        while let Some(parent) = lines.peek().and_then(|line| line.strip_prefix(b"parent ")) {
            parents.push(whole(parent)?);
            lines.next();
        }
        let (mut author, mut committer): (&[u8], &[u8]) = (b"", b"");
        for line in lines {
            match line.split(|byte| *byte == b' ').next() {
                Some(b"author") if author.is_empty() => author = &line[6..],
                Some(b"committer") if committer.is_empty() => committer = &line[9..],
                _ => {}
            }
        }
        let mail = author.iter().position(|byte| *byte == b'<');
        let name = &author[..mail.unwrap_or(author.len())];
        Some(Self {
            tree,
            parents,
            author: String::from_utf8_lossy(name).trim().to_owned(),
            committed: time(committer).saturating_mul(1000),
            subject: subject(message),
        })
    }
}

/// A whole id.
pub fn whole(digits: &[u8]) -> Option<Oid> {
    let digits = std::str::from_utf8(digits).ok()?;
    let is_whole = digits.len() == 40;
    is_whole.then(|| Oid::from_str(digits).ok()).flatten()
}

/// The seconds since 1970 in `name <mail> seconds zone`.
fn time(line: &[u8]) -> i64 {
    let mail = line.iter().rposition(|byte| *byte == b'>');
    let rest = String::from_utf8_lossy(&line[mail.map_or(0, |at| at + 1)..]).into_owned();
    let seconds = rest.split_whitespace().next();
    seconds
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or_default()
}

fn subject(message: &[u8]) -> String {
    let mut lines = message.split(|byte| *byte == b'\n');
    let first = lines.find(|line| !line.trim_ascii().is_empty());
    // A character has four bytes at most.
    let first = first.unwrap_or_default();
    let first = String::from_utf8_lossy(&first[..first.len().min(4 * SUBJECT)]);
    let first: String = first.chars().take(SUBJECT).collect();
    first.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn parsed(rest: &str) -> Raw {
        Raw::parse(format!("tree {TREE}\n{rest}").as_bytes()).expect("a commit")
    }

    #[test]
    fn a_commit_is_read_with_its_signature_between() {
        let commit = parsed(&format!(
            "parent {TREE}\nauthor A. U. Thor <a@x.org> 1 +0000\n\
             committer C <c@x.org> 1700000000 +0200\ngpgsig -----BEGIN-----\n \n author B <b> 2\n \
             -----END-----\n\n\nSubject \nof two lines\n\nBody\n"
        ));
        assert_eq!(commit.parents.len(), 1);
        assert_eq!(commit.author, "A. U. Thor");
        assert_eq!(commit.committed, 1_700_000_000_000);
        assert_eq!(commit.subject, "Subject");
    }

    #[test]
    fn an_odd_line_spoils_no_other() {
        let commit = parsed("author nobody\ncommitter <<>> -5 +0000\nmergetag object 1\n\n\t\n");
        assert_eq!(commit.author, "nobody");
        assert_eq!(commit.committed, -5000);
        assert_eq!(commit.subject, "");
        assert_eq!(parsed("author <a@x.org> 1 +0000\n").author, "");
        assert_eq!(parsed("committer C <c> soon\n\nx").committed, 0);
        let late = parsed(&format!("committer C <c> {} +0000\n\nx", i64::MAX));
        assert_eq!(late.committed, i64::MAX);
    }

    #[test]
    fn what_is_no_commit_is_none() {
        for bytes in ["", "tree 12\n\nx", "object 4b825dc642\ntype commit\n"] {
            assert_eq!(Raw::parse(bytes.as_bytes()), None, "{bytes}");
        }
        let short = format!("tree {TREE}\nparent 12\n");
        assert_eq!(Raw::parse(short.as_bytes()), None);
    }

    #[test]
    fn a_subject_is_cut_where_it_has_no_end() {
        let commit = parsed(&format!("author A <a> 1\n\n{}", "\u{1F41F}".repeat(5000)));
        assert_eq!(commit.subject, "\u{1F41F}".repeat(1000));
    }
}
