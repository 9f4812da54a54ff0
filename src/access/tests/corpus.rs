use crate::access::Hash;

#[derive(serde::Deserialize)]
struct Row {
    django: String,
    hasher: String,
    password: String,
    hash: String,
}

/// What Djangos wrote, by `scripts/django_hashes.py`.
fn rows() -> Vec<Row> {
    let text = include_str!("../../../tests/fixtures/django_hashes.json");
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn what_djangos_of_all_ages_wrote_is_of_its_password_and_of_no_other() {
    let rows = rows();
    let (one, other) = rows.split_at(rows.len() / 2);
    // It takes its time, and there are cores.
    std::thread::scope(|scope| {
        for half in [one, other] {
            scope.spawn(move || {
                for row in half {
                    let what = format!("{} of Django {}: {}", row.hasher, row.django, row.hash);
                    let hash = Hash::parse(&row.hash).expect(&what);
                    assert!(hash.is_of(&row.password), "{what}");
                    if row.django.starts_with("4.2") {
                        assert!(!hash.is_of(&row.password[1..]), "{what}");
                    }
                }
            });
        }
    });
}

#[test]
fn all_hashers_of_the_oldest_and_the_newest_are_among_them() {
    let rows = rows();
    let count = |version: &str| {
        let of = rows.iter().filter(|row| row.django.starts_with(version));
        let hashers: std::collections::BTreeSet<&str> = of.map(|row| &*row.hasher).collect();
        hashers.len()
    };
    assert_eq!(count("4.2"), 10);
    for version in ["5.2", "6.0", "6.1"] {
        assert_eq!(count(version), 7, "{version}");
    }
}

#[test]
fn a_hash_that_was_cut_off_or_changed_is_nobodys_and_never_panics() {
    let cheap = [
        "MD5PasswordHasher",
        "SHA1PasswordHasher",
        "UnsaltedMD5PasswordHasher",
    ];
    for row in rows() {
        for end in (0..row.hash.len()).filter(|end| row.hash.is_char_boundary(*end)) {
            let cut = Hash::parse(&row.hash[..end]);
            if cheap.contains(&row.hasher.as_str()) {
                assert!(
                    !cut.is_some_and(|hash| hash.is_of(&row.password)),
                    "{}",
                    row.hash
                );
            }
        }
    }
}
