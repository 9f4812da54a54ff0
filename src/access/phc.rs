use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

/// KiB of the most memory that is taken; Django takes 100 MiB.
const MOST_MEMORY: u32 = 256 << 10;
/// KiB that are gone through at most, all passes together.
const MOST_WORK: u64 = 4 << 20;

/// A hash by Argon2, as its reference implementation writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    memory: u32,
    passes: u32,
    lanes: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Argon2Hash {
    /// `argon2id$v=19$m=102400,t=2,p=8$salt$hash`; the oldest have no version.
    pub fn parse(written: &str) -> Option<Self> {
        let mut parts: Vec<&str> = written.split('$').collect();
        if parts.len() == 4 {
            parts.insert(1, "v=16");
        }
        let [algorithm, version, params, salt, hash] = parts.try_into().ok()?;
        let version = match version {
            "v=16" => Version::V0x10,
            "v=19" => Version::V0x13,
            _ => return None,
        };
        let params: Vec<&str> = params.split(',').collect();
        let [memory, passes, lanes] = params.try_into().ok()?;
        let memory: u32 = memory.strip_prefix("m=")?.parse().ok()?;
        let passes: u32 = passes.strip_prefix("t=")?.parse().ok()?;
        let lanes: u32 = lanes.strip_prefix("p=")?.parse().ok()?;
        if memory > MOST_MEMORY || u64::from(memory) * u64::from(passes) > MOST_WORK {
            return None;
        }
        let hash = Self {
            algorithm: Algorithm::new(algorithm).ok()?,
            version,
            memory,
            passes,
            lanes,
            salt: BASE64_STANDARD_NO_PAD.decode(salt).ok()?,
            hash: BASE64_STANDARD_NO_PAD.decode(hash).ok()?,
        };
        // A short hash is easily anybody's.
        let is_whole = hash.hash.len() >= 16 && hash.salt.len() >= 8;
        (is_whole && hash.params().is_some()).then_some(hash)
    }

    /// Whether this is the password's.
    pub fn is_of(&self, password: &str) -> bool {
        let Some(params) = self.params() else {
            return false;
        };
        let mut found = vec![0; self.hash.len()];
        Argon2::new(self.algorithm, self.version, params)
            .hash_password_into(password.as_bytes(), &self.salt, &mut found)
            .is_ok()
            && bool::from(found.ct_eq(&self.hash))
    }

    fn params(&self) -> Option<Params> {
        Params::new(self.memory, self.passes, self.lanes, Some(self.hash.len())).ok()
    }
}

/// What a password file keeps of a password: Argon2id with 19 MiB, two passes, one lane,
/// as OWASP advises.
///
/// # Panics
/// Where the system has no chance left to give, or no memory.
pub fn encode(password: &str) -> String {
    let mut salt = [0; 16];
    SystemRandom::new()
        .fill(&mut salt)
        .expect("the kernel gives random bytes");
    let mut hash = [0; 32];
    let params = Params::DEFAULT;
    let head = format!(
        "$argon2id$v=19$m={},t={},p={}",
        params.m_cost(),
        params.t_cost(),
        params.p_cost()
    );
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &salt, &mut hash)
        .expect("parameters, salt and length are those it advises");
    let [salt, hash] = [&salt[..], &hash[..]].map(|bytes| BASE64_STANDARD_NO_PAD.encode(bytes));
    format!("{head}${salt}${hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Hash;

    #[test]
    fn what_is_kept_of_a_password_is_another_each_time_and_of_it_alone() {
        let (one, other) = (encode("sécret"), encode("sécret"));
        assert_ne!(one, other);
        for written in [one, other] {
            let hash = Hash::parse(&written).expect("ours");
            assert!(hash.is_of("sécret"));
            assert!(!hash.is_of("secret"));
            assert!(!hash.is_of(""));
        }
    }

    #[test]
    fn the_hash_of_the_reference_implementation_is_known() {
        let written = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$\
                       CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hash = Hash::parse(written).expect("valid");
        assert!(hash.is_of("password"));
        assert!(!hash.is_of("Password"));
    }
}
