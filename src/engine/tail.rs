/// Lines of a log worth showing when something fails.
const TAIL: usize = 20;

/// Keeps the last lines of a log.
pub fn keep_tail(tail: &mut Vec<String>, line: &str) {
    if tail.len() == TAIL {
        tail.remove(0);
    }
    tail.push(line.to_owned());
}
