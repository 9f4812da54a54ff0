//! Names and label values that Docker, Podman and Kubernetes take alike, and that
//! are different where what they are made from is: branches have any name.

use sha2::{Digest, Sha256};

use crate::model::hex;

/// The longest label of a host name (RFC 1123), and so the longest name; as many
/// characters has a label's value on Kubernetes
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>).
const LONGEST: usize = 63;
/// Digits of the hash in a name: 40 bits, for some thousand names in a run.
const HASH: usize = 10;

/// The name of something that belongs to what `prefix` names: readable as far as
/// there is room, with a hash of the whole text where that says less than the
/// text. `prefix` and `suffix` are names already.
pub fn name(prefix: &str, text: &str, suffix: &str) -> String {
    let taken = prefix.len() + suffix.len() + 2;
    let room = LONGEST.saturating_sub(taken).max(HASH);
    format!("{prefix}-{}-{suffix}", told_apart(text, plain(text), room))
}

/// The host name of a service, of which there may be several on a network. Their
/// numbers tell them apart.
pub fn host(service: &str, number: u32) -> String {
    let mut host = plain(service);
    host.truncate(LONGEST - 11);
    format!("{}-{number}", host.trim_end_matches('-'))
}

/// A label's value.
pub fn label_value(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let value: String = text
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .collect();
    let value = value.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    told_apart(text, value.to_owned(), LONGEST)
}

/// Lower case letters and digits, with one hyphen for whatever is between them.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
    }
    plain.truncate(plain.trim_end_matches('-').len());
    plain
}

/// `written`, which `text` became, in this room: with a hash of `text` if the two
/// differ, or if it could be taken for one with a hash.
fn told_apart(text: &str, mut written: String, room: usize) -> String {
    if written == text && written.len() <= room && !ends_in_hash(&written) {
        return written;
    }
    let mut hash = hex(&Sha256::digest(text.as_bytes()));
    hash.truncate(HASH);
    written.truncate(room.saturating_sub(HASH + 1));
    match written.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()) {
        "" => hash,
        written => format!("{written}-{hash}"),
    }
}

fn ends_in_hash(text: &str) -> bool {
    let end = text.rsplit('-').next().unwrap_or(text);
    end.len() == HASH && end.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RUN: &str = "djbuild-20261123-183012-k3xq";

    fn is_name(name: &str) -> bool {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !name.is_empty()
            && name.len() <= 63
            && name.chars().all(inner)
            && !name.starts_with('-')
            && !name.ends_with('-')
    }

    fn is_value(value: &str) -> bool {
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let outer = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
        value.len() <= 63
            && value.chars().all(inner)
            && outer(value.chars().next())
            && outer(value.chars().last())
    }

    #[test]
    fn a_name_says_what_it_can_and_is_different_for_different_cells() {
        assert_eq!(
            name(RUN, "main-sqlite", "1"),
            format!("{RUN}-main-sqlite-1")
        );
        let long = "stable/6.1.x".repeat(25);
        let hashed = name("djbuild", "fix/a", "1");
        let hashed = hashed.trim_start_matches("djbuild-").trim_end_matches("-1");
        let texts = [
            "fix/a",
            "fix-a",
            "fix@a",
            "Fix-a",
            "fix--a",
            "修正",
            "補正",
            "é",
            "",
            "-",
            &long,
            &long[1..],
            hashed,
            "1",
            "fix-a-1",
        ];
        let names: std::collections::BTreeSet<String> =
            texts.iter().map(|text| name(RUN, text, "1")).collect();
        assert_eq!(names.len(), texts.len(), "{names:?}");
        assert!(names.iter().all(|name| is_name(name)), "{names:?}");
        let values: std::collections::BTreeSet<String> =
            texts.iter().map(|text| label_value(text)).collect();
        assert_eq!(values.len(), texts.len(), "{values:?}");
    }

    #[test]
    fn a_host_is_called_after_its_service_and_number() {
        assert_eq!(host("mariadb11.8", 2), "mariadb11-8-2");
        assert!(is_name(&host(&"x".repeat(300), u32::MAX)));
    }

    #[test]
    fn a_label_that_is_valid_stays_as_it_is() {
        for text in ["", "main-python3.13-postgresql17", "A_b.c"] {
            assert_eq!(label_value(text), text);
        }
    }

    proptest! {
        #[test]
        fn whatever_a_branch_is_called_its_names_are_valid(text in ".{0,300}", attempt in 1..9_u32) {
            let name = name(RUN, &text, &attempt.to_string());
            prop_assert!(is_name(&name), "{name}");
            let value = label_value(&text);
            prop_assert!(is_value(&value), "{value}");
        }

        #[test]
        fn different_texts_have_different_names(one in "[a-cA/@._-]{0,12}", other in "[a-cA/@._-]{0,12}") {
            prop_assume!(one != other);
            prop_assert_ne!(name(RUN, &one, "1"), name(RUN, &other, "1"));
            prop_assert_ne!(label_value(&one), label_value(&other));
        }
    }
}
