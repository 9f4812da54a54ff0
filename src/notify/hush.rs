use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::redacted;

/// What a server said, without the secrets that it was told: some repeat what they do not
/// like.
pub fn hushed(said: &str, secrets: &[String]) -> String {
    let mut said = redacted(said);
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        said = said.replace(secret.as_str(), "…");
        // Encodings begin anywhere: three of them cover what base64 makes of a part.
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(secret.as_bytes());
            let encoded = STANDARD.encode(&bytes);
            // What depends on the bytes before and after is left out.
            let whole = (before * 8).div_ceil(6)..(bytes.len() * 8) / 6;
            let part = encoded.get(whole).unwrap_or_default();
            if part.len() >= 4 {
                said = said.replace(part, "…");
            }
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_nothing_that_a_server_repeats() {
        let secret = "hunter2-and-more".to_owned();
        for user in ["", "a", "ab", "abc"] {
            let plain = STANDARD.encode(format!("\0{user}\0{secret}"));
            let said = format!(
                "no: AUTH PLAIN {plain}, {secret}, {}",
                STANDARD.encode(&secret)
            );
            let hushed = hushed(&said, std::slice::from_ref(&secret));
            assert!(!hushed.contains(&secret), "{hushed}");
            let token = |word: &str| word.trim_matches(',').to_owned();
            for word in hushed.split(' ').map(token) {
                let decoded = STANDARD.decode(&word).unwrap_or_default();
                let decoded = String::from_utf8_lossy(&decoded).into_owned();
                assert!(!decoded.contains("hunter"), "{hushed}");
            }
            assert!(hushed.starts_with("no: AUTH PLAIN "), "{hushed}");
            assert!(hushed.len() < said.len(), "{hushed}");
        }
    }
}
