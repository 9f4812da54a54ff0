//! Hashes of Django 4.2 that nobody should have any more, and some still do.

use md5::{Digest, Md5};
use ring::digest;
use subtle::ConstantTimeEq;

/// A plain sum of salt and password, as hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    function: Function,
    salt: String,
    hash: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Md5,
    Sha1,
}

impl Sum {
    /// `salt$hash`, of the hasher of this name; the salt may be missing.
    pub fn parse(name: &str, rest: &str) -> Option<Self> {
        let (salt, hash) = rest.split_once('$')?;
        let function = match name {
            "md5" => Function::Md5,
            "sha1" => Function::Sha1,
            _ => return None,
        };
        Self::new(function, salt, hash)
    }

    /// MD5 alone, as it was kept before there were salts.
    pub fn bare(hash: &str) -> Option<Self> {
        Self::new(Function::Md5, "", hash)
    }

    fn new(function: Function, salt: &str, hash: &str) -> Option<Self> {
        let length = match function {
            Function::Md5 => 32,
            Function::Sha1 => 40,
        };
        let is_hash = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        (hash.len() == length && hash.chars().all(is_hash)).then(|| Self {
            function,
            salt: salt.to_owned(),
            hash: hash.to_owned(),
        })
    }

    /// Whether this is the password's.
    pub fn is_of(&self, password: &str) -> bool {
        let salted = [self.salt.as_bytes(), password.as_bytes()].concat();
        let found = match self.function {
            Function::Md5 => hexadecimal(&Md5::digest(&salted)),
            Function::Sha1 => {
                hexadecimal(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &salted).as_ref())
            }
        };
        found.as_bytes().ct_eq(self.hash.as_bytes()).into()
    }
}

/// Bytes as Python's `hexdigest` has them.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
