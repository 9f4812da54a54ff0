/// How many objects have come, and of how many, from a line of git's progress.
pub fn received(line: &str) -> Option<(u64, u64)> {
    let rest = ["Receiving objects:", "Unpacking objects:"]
        .iter()
        .find_map(|phase| line.strip_prefix(phase))?;
    let (counts, _) = rest.split_once('(')?.1.split_once(')')?;
    let (done, total) = counts.split_once('/')?;
    Some((done.parse().ok()?, total.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gits_progress_is_counted_in_objects() {
        let line = "Receiving objects:  25% (1034/8610), 1.20 MiB | 2.00 MiB/s";
        assert_eq!(received(line), Some((1034, 8610)));
        assert_eq!(
            received("Unpacking objects: 100% (3/3), done."),
            Some((3, 3))
        );
        assert_eq!(
            received("remote: Counting objects: 100% (4/4), done."),
            None
        );
        assert_eq!(received("Receiving objects: soon"), None);
    }
}
