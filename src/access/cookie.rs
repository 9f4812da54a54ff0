use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

/// Bytes of chance in what is shown instead of a password.
const BYTES: usize = 32;
/// Letters of those in Base64.
const LETTERS: usize = 43;
const CSRF: &[u8] = b"djbuild form";

/// A new word that nobody can guess.
///
/// # Panics
/// Where the system has no chance left to give; there is nothing safe to go on with.
pub fn new_word() -> String {
    let mut bytes = [0; BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the kernel gives random bytes");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What is kept of such a word; `None` where it is none. It needs no salt: what is hashed
/// is as long as the hash.
pub fn kept(word: &str) -> Option<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (word.len() == LETTERS && word.chars().all(known)).then(|| hashed(word))
}

/// SHA-256, as hexadecimal.
pub fn hashed(word: &str) -> String {
    let hash = digest::digest(&digest::SHA256, word.as_bytes());
    hash.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// What the forms of a session carry, which another site cannot know. It does not tell
/// the session's word.
pub fn csrf(cookie: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, cookie.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, CSRF))
}

/// Whether that is what a form carries, in a time that does not tell how far it is right.
pub fn csrf_is_right(cookie: &str, carried: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, cookie.as_bytes());
    match BASE64_URL_SAFE_NO_PAD.decode(carried) {
        Ok(tag) => hmac::verify(&key, CSRF, &tag).is_ok(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_new_each_time_and_what_is_kept_is_another() {
        let (one, other) = (new_word(), new_word());
        assert_ne!(one, other);
        let hash = kept(&one).expect("a word");
        assert!(!hash.contains(&one));
        assert_eq!(hash.len(), 64);
        for word in [
            "",
            "x",
            &one[1..],
            &format!("{one}x"),
            "ä".repeat(22).as_str(),
        ] {
            assert_eq!(kept(word), None, "{word}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_word_is_a_cookie_or_a_form_that_panics(word in "\\PC{0,60}", carried in "\\PC{0,60}") {
            let _ = kept(&word);
            proptest::prop_assert!(!csrf_is_right(&word, &carried));
        }
    }

    #[test]
    fn a_form_is_right_for_its_own_session_alone() {
        let (one, other) = (new_word(), new_word());
        assert!(csrf_is_right(&one, &csrf(&one)));
        assert!(!csrf_is_right(&other, &csrf(&one)));
        assert!(!csrf_is_right(&one, &csrf(&one)[1..]));
        assert!(!csrf_is_right(&one, ""));
        assert!(!csrf_is_right(&one, "ä!"));
    }
}
