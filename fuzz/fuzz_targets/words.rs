//! Any word as a name: what is read is written back as something equal.
#![no_main]

use djbuild::model::{Cell, DatabaseSpec, PythonSpec, Version};
use djbuild::spec::DatabaseChoice;
use libfuzzer_sys::fuzz_target;

fn round_trip<T: std::str::FromStr + ToString + PartialEq>(word: &str) {
    if let Ok(read) = word.parse::<T>() {
        let again = read.to_string().parse::<T>();
        assert!(again.is_ok_and(|again| again == read), "{word:?}");
    }
}

fuzz_target!(|word: &str| {
    round_trip::<Version>(word);
    round_trip::<PythonSpec>(word);
    round_trip::<DatabaseSpec>(word);
    round_trip::<DatabaseChoice>(word);
    round_trip::<Cell>(word);
});
