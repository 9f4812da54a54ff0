use std::num::NonZeroU32;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::{digest, pbkdf2};
use subtle::ConstantTimeEq;

use super::legacy::{self, Sum};
use super::phc::Argon2Hash;

/// The dearest that is computed; Django's own are a sixth of it or less. Whoever can write
/// a row could keep this machine busy for hours otherwise.
const MOST_ITERATIONS: u32 = 10_000_000;
const MOST_BCRYPT_ROUNDS: u32 = 16;
/// Bytes of memory that scrypt takes, and bytes that it goes through.
const MOST_SCRYPT_MEMORY: u64 = 256 << 20;
const MOST_SCRYPT_WORK: u64 = 1 << 31;
/// Letters of the longest; no hasher of Django's writes as many.
const LONGEST: usize = 1024;

/// A password's hash as kept: by Django 4.2 or later, or by djbuild.
#[derive(Debug, Clone)]
pub struct Hash(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Pbkdf2 {
        function: Function,
        iterations: NonZeroU32,
        salt: String,
        hash: Vec<u8>,
    },
    Argon2(Argon2Hash),
    Bcrypt {
        hash: String,
        /// Whether what it is of is the password's SHA-256, since bcrypt reads 72 bytes.
        of_digest: bool,
    },
    Scrypt {
        params: scrypt::Params,
        salt: String,
        hash: Vec<u8>,
    },
    Sum(Sum),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Sha1,
    Sha256,
}

impl Hash {
    /// A hash as written; `None` where no password has it, as Django marks accounts without
    /// one, or where it is malformed, of an unknown kind, or dearer than is computed.
    pub fn parse(written: &str) -> Option<Self> {
        if written.len() > LONGEST || written.starts_with('!') {
            return None;
        }
        let kind = match written.split_once('$') {
            None => Kind::Sum(Sum::bare(written)?),
            Some(("" | "argon2", rest)) => Kind::Argon2(Argon2Hash::parse(rest)?),
            Some(("pbkdf2_sha256", rest)) => pbkdf2(Function::Sha256, rest)?,
            Some(("pbkdf2_sha1", rest)) => pbkdf2(Function::Sha1, rest)?,
            Some(("bcrypt_sha256", rest)) => bcrypt_of(rest, true)?,
            Some(("bcrypt", rest)) => bcrypt_of(rest, false)?,
            Some(("scrypt", rest)) => scrypt_of(rest)?,
            Some((name, rest)) => Kind::Sum(Sum::parse(name, rest)?),
        };
        Some(Self(kind))
    }

    /// Whether this is the password's. Takes up to some seconds of a core, so it is no
    /// thread's that others wait for.
    pub fn is_of(&self, password: &str) -> bool {
        match &self.0 {
            Kind::Pbkdf2 {
                function,
                iterations,
                salt,
                hash,
            } => {
                let function = match function {
                    Function::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
                    Function::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
                };
                let password = password.as_bytes();
                pbkdf2::verify(function, *iterations, salt.as_bytes(), password, hash).is_ok()
            }
            Kind::Argon2(hash) => hash.is_of(password),
            Kind::Bcrypt { hash, of_digest } => {
                let verified = if *of_digest {
                    let digest = digest::digest(&digest::SHA256, password.as_bytes());
                    bcrypt::verify(legacy::hexadecimal(digest.as_ref()), hash)
                } else {
                    bcrypt::verify(password, hash)
                };
                verified.unwrap_or(false)
            }
            Kind::Scrypt { params, salt, hash } => {
                let mut found = vec![0; hash.len()];
                scrypt::scrypt(password.as_bytes(), salt.as_bytes(), params, &mut found).is_ok()
                    && bool::from(found.ct_eq(hash))
            }
            Kind::Sum(sum) => sum.is_of(password),
        }
    }
}

/// `1000000$salt$hash`.
fn pbkdf2(function: Function, rest: &str) -> Option<Kind> {
    let [iterations, salt, hash] = parts(rest)?;
    let hash = BASE64_STANDARD.decode(hash).ok()?;
    let length = match function {
        Function::Sha1 => digest::SHA1_OUTPUT_LEN,
        Function::Sha256 => digest::SHA256_OUTPUT_LEN,
    };
    let iterations = number(iterations, MOST_ITERATIONS)?;
    (hash.len() == length).then(|| Kind::Pbkdf2 {
        function,
        iterations,
        salt: salt.to_owned(),
        hash,
    })
}

/// `$2b$12$salt and hash`.
fn bcrypt_of(rest: &str, of_digest: bool) -> Option<Kind> {
    let hash: bcrypt::HashParts = rest.parse().ok()?;
    let is_known = ["$2a$", "$2b$", "$2y$"].iter().any(|v| rest.starts_with(v));
    (is_known && hash.get_cost() <= MOST_BCRYPT_ROUNDS).then(|| Kind::Bcrypt {
        hash: rest.to_owned(),
        of_digest,
    })
}

/// `16384$salt$8$5$hash`.
fn scrypt_of(rest: &str) -> Option<Kind> {
    let [work, salt, block, lanes, hash] = parts(rest)?;
    let work = number(work, u32::MAX)?.get();
    let block = number(block, 1 << 10)?.get();
    let lanes = number(lanes, 1 << 10)?.get();
    let memory = 128 * u64::from(block) * u64::from(work);
    if !work.is_power_of_two()
        || memory > MOST_SCRYPT_MEMORY
        || memory * u64::from(lanes) > MOST_SCRYPT_WORK
    {
        return None;
    }
    let log = u8::try_from(work.ilog2()).ok()?;
    let hash = BASE64_STANDARD.decode(hash).ok()?;
    (hash.len() == 64).then_some(Kind::Scrypt {
        params: scrypt::Params::new(log, block, lanes).ok()?,
        salt: salt.to_owned(),
        hash,
    })
}

/// The parts between dollars, if there are so many.
fn parts<const N: usize>(rest: &str) -> Option<[&str; N]> {
    rest.split('$').collect::<Vec<_>>().try_into().ok()
}

fn number(typed: &str, most: u32) -> Option<NonZeroU32> {
    let is_plain = typed.bytes().all(|byte| byte.is_ascii_digit());
    let number: NonZeroU32 = typed.parse().ok()?;
    (is_plain && number.get() <= most).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: &str = "$2b$04$CC3HNtYmQPeH90fE0twIO.AJDDuxNbhGNCEN2V9ZfZaljaOc1gbwm";

    #[test]
    fn what_is_malformed_unusable_or_too_dear_is_nobodys() {
        let sum = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8";
        for written in [
            "",
            "!",
            "!6YqhVJDpHtvRyqlHmJYKt3A3PLqG4m8qYxZKWNZ3",
            "$",
            "$$$$$",
            "pbkdf2_sha256$1$salt$aGFzaA==",
            "pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "pbkdf2_sha256$+1$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "pbkdf2_sha256$10000001$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "pbkdf2_sha512$1$salt$AAAA",
            &format!("bcrypt${}", BCRYPT.replace("$04$", "$17$")),
            &format!("bcrypt${}", BCRYPT.replace("$2b$", "$2x$")),
            &format!("bcrypt{BCRYPT}"),
            "argon2$argon2id$v=19$m=4294967295,t=2,p=8$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "argon2$argon2id$v=19$m=1024,t=4000000000,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "scrypt$16383$salt$8$5$AAAA",
            "scrypt$1073741824$salt$8$1$AAAA",
            &format!("md4$salt${sum}"),
            &format!("sha1$salt${}", &sum[1..]),
            sum,
        ] {
            assert!(Hash::parse(written).is_none(), "{written}");
        }
        assert!(Hash::parse(&"x$".repeat(1000)).is_none());
    }

    #[test]
    fn the_dearest_that_django_writes_is_computed() {
        let hash = BASE64_STANDARD.encode([0; 32]);
        for iterations in [1_000_000, 1_200_000, 1_800_000, 5_000_000] {
            let written = format!("pbkdf2_sha256${iterations}$salt${hash}");
            assert!(Hash::parse(&written).is_some(), "{written}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_word_is_a_hash_that_panics(
            name in "(pbkdf2_sha256|pbkdf2_sha1|argon2|bcrypt|bcrypt_sha256|scrypt|md5|sha1|)",
            rest in "([$=,a-zA-Z0-9/+.]|\\PC){0,80}",
            password in "\\PC{0,8}",
        ) {
            // Computing what chance makes would take its time.
            let _ = Hash::parse(&format!("{name}${rest}"));
            if let Some(hash) = Hash::parse(&rest) {
                let _ = hash.is_of(&password);
            }
        }

        #[test]
        fn a_hash_with_one_letter_changed_is_another_passwords_or_nobodys(
            at in 0_usize..67,
            letter in "[ -~]",
        ) {
            let mut written = format!("bcrypt${BCRYPT}");
            proptest::prop_assume!(written[at..=at] != letter && at != 66);
            // Rounds alone would make it dear.
            proptest::prop_assume!(!(11..13).contains(&at));
            // Which of these wrote it changes nothing.
            proptest::prop_assume!(at != 9);
            let is_right = Hash::parse(&written).is_some_and(|hash| hash.is_of("secret"));
            proptest::prop_assert!(is_right);
            written.replace_range(at..=at, &letter);
            let matches = Hash::parse(&written).is_some_and(|hash| hash.is_of("secret"));
            proptest::prop_assert!(!matches);
        }
    }
}
