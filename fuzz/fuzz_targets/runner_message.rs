//! Any bytes as a line of a container's output.
#![no_main]

use djbuild::event::RunnerMessage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = RunnerMessage::read(bytes);
});
