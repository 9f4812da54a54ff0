use std::collections::BTreeSet;

use crate::model::{plural, short};
use crate::store::farm::{Change, Probe, Seen};

/// A commit that cannot be judged so many times is left out.
const TRIES: usize = 2;
/// Until then others go first that are not so much further from the middle: what kept it
/// from being judged may have been no doing of its own.
const FURTHER: usize = 3;

/// Commits of which one broke something, and what is known of them.
pub struct Trail {
    /// The commit before them, which is good.
    base: Option<String>,
    /// In the order of their branch; the last is bad.
    span: Vec<Change>,
    probes: Vec<Probe>,
}

/// What is to be done to find it.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// To probe this one.
    Probe {
        /// Which.
        change: &'a Change,
        /// Whether it could not be judged before.
        is_again: bool,
    },
    /// Nothing: it is this one.
    Found {
        /// Which.
        culprit: &'a Change,
        /// What that rests on.
        word: String,
    },
    /// Nothing: it cannot be told.
    Untold(String),
}

impl Trail {
    pub const fn new(base: Option<String>, span: Vec<Change>, probes: Vec<Probe>) -> Self {
        Self { base, span, probes }
    }

    /// How many probes are left at most, where each of them tells.
    pub fn probes_left(&self) -> u32 {
        let suspects = self.suspects();
        let halves = usize::BITS - suspects.len().saturating_sub(1).leading_zeros();
        let unseen = suspects.last().filter(|last| self.seen(last).is_none());
        halves + u32::from(unseen.is_some())
    }

    pub fn next(&self) -> Next<'_> {
        let suspects = self.suspects();
        let Some((last, others)) = suspects.split_last() else {
            return Next::Untold("none of the commits is known any more".to_owned());
        };
        if !others.is_empty() {
            let middle = (others.len() - 1) / 2;
            let open = others.iter().enumerate();
            let open = open.filter(|(_, change)| self.failures(change) < TRIES);
            let cost = |(at, change): &(usize, &&Change)| {
                at.abs_diff(middle) + FURTHER * self.failures(change)
            };
            return match open.min_by_key(cost) {
                Some((_, change)) => self.probe(change),
                None => Next::Untold(untold(&suspects)),
            };
        }
        match self.seen(last) {
            Some(Seen::Bad) => self.found(last, "it fails"),
            // Nobody but the run in which it turned has seen it fail.
            None if self.failures(last) < TRIES => self.probe(last),
            None => self.found(last, "it failed, and could not be tested again"),
            Some(_) => Next::Untold(format!(
                "{} failed, and passes when it is tested again: a test that fails by chance, \
                 or only after others",
                short(&last.revision)
            )),
        }
    }

    /// Those that may have done it as far as is known, the last of which is bad. What each
    /// was made on is followed down to what is good; then into what a merge brought, where
    /// one did it.
    pub fn suspects(&self) -> Vec<&Change> {
        let Some(last) = self.span.last() else {
            return Vec::new();
        };
        let (mut visited, mut merges) = (BTreeSet::new(), BTreeSet::new());
        let mut line = self.line(last, &mut visited);
        loop {
            let is = |change: &Change, seen| self.seen(change) == Some(seen);
            let bad = line.iter().position(|change| is(change, Seen::Bad));
            let bad = bad.unwrap_or(line.len() - 1);
            let good = line[..bad]
                .iter()
                .rposition(|change| is(change, Seen::Good));
            let suspects = line[good.map_or(0, |good| good + 1)..=bad].to_vec();
            let [only] = suspects.as_slice() else {
                return suspects;
            };
            let only = *only;
            let side = only.parents.as_ref().and_then(|parents| parents.get(1));
            match side.and_then(|side| self.before(only, side)) {
                Some(side) if merges.insert(only.position) => {
                    line = self.line(side, &mut visited);
                    line.push(only);
                }
                _ => return suspects,
            }
        }
    }

    /// A commit and what it stands on, as far as nobody has gone yet; the commit last.
    fn line<'a>(&'a self, last: &'a Change, visited: &mut BTreeSet<i64>) -> Vec<&'a Change> {
        let mut line = Vec::new();
        let mut next = Some(last);
        while let Some(change) = next.filter(|change| visited.insert(change.position)) {
            line.push(change);
            next = if let Some(parents) = &change.parents {
                let first = parents.first();
                first.and_then(|parent| self.before(change, parent))
            } else {
                // It was kept before parents were: the order is all there is.
                let mut earlier = self.span.iter();
                earlier.rfind(|one| one.position < change.position)
            };
        }
        line.reverse();
        line
    }

    /// The last change at a commit before another.
    fn before(&self, change: &Change, revision: &str) -> Option<&Change> {
        let mut earlier = self.span.iter();
        earlier.rfind(|one| one.position < change.position && one.revision == revision)
    }

    /// What is known of a commit; what was said last counts.
    fn seen(&self, change: &Change) -> Option<Seen> {
        let own = self.own(change).filter_map(|probe| probe.seen);
        own.filter(|seen| *seen != Seen::Unclear).last()
    }

    fn failures(&self, change: &Change) -> usize {
        let unclear = |probe: &&Probe| probe.seen == Some(Seen::Unclear);
        self.own(change).filter(unclear).count()
    }

    fn own<'a>(&'a self, change: &'a Change) -> impl Iterator<Item = &'a Probe> {
        let probes = self.probes.iter();
        probes.filter(|probe| probe.revision == change.revision)
    }

    fn probe<'a>(&self, change: &'a Change) -> Next<'a> {
        Next::Probe {
            change,
            is_again: self.failures(change) > 0,
        }
    }

    fn found<'a>(&self, culprit: &'a Change, it: &str) -> Next<'a> {
        let mut span = self.span.iter();
        let parent = match &culprit.parents {
            Some(parents) => parents.first(),
            None => span
                .rfind(|one| one.position < culprit.position)
                .map(|one| &one.revision)
                .or(self.base.as_ref()),
        };
        let is_good = |revision: &String| {
            let known = self.before(culprit, revision);
            Some(revision) == self.base.as_ref()
                || known.is_some_and(|change| self.seen(change) == Some(Seen::Good))
        };
        let word = match parent {
            Some(parent) if is_good(parent) => format!("{it}, and its parent passes"),
            Some(parent) => format!("{it}; its parent, {}, was not tested", short(parent)),
            None => format!("{it}, and has no parent"),
        };
        Next::Found { culprit, word }
    }
}

fn untold(suspects: &[&Change]) -> String {
    let (first, last) = (suspects.first(), suspects.last());
    let name = |change: Option<&&Change>| {
        let revision = change.map(|change| short(&change.revision));
        revision.unwrap_or_default().to_owned()
    };
    format!(
        "{} cannot be judged: it is one from {} to {}",
        plural(suspects.len().saturating_sub(1) as u64, "commit"),
        name(first),
        name(last)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Moment;

    /// A commit by its letter, made on others.
    fn change(position: i64, name: &str, parents: Option<&[&str]>) -> Change {
        Change {
            id: position,
            repository: "r".to_owned(),
            branch: "main".to_owned(),
            revision: name.to_owned(),
            turn: 0,
            position,
            author: "somebody".to_owned(),
            committed: Moment(0),
            subject: name.to_owned(),
            files: None,
            seen: Moment(0),
            parents: parents.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
        }
    }

    /// Commits a, b, c, … of which each was made on the one before; a on `base`.
    fn straight(count: usize) -> Vec<Change> {
        let name = |at: usize| match at {
            0 => "base".to_owned(),
            at => format!("c{at}"),
        };
        let one = |at: usize| {
            let position = i64::try_from(at).expect("few");
            change(position, &name(at), Some(&[&name(at - 1)]))
        };
        (1..=count).map(one).collect()
    }

    fn trail(span: Vec<Change>) -> Trail {
        Trail::new(Some("base".to_owned()), span, Vec::new())
    }

    /// Probes until nothing is left to be probed, and says how it ends and how many probes
    /// that took.
    fn follow(trail: &mut Trail, say: impl Fn(&str) -> Seen) -> (String, u32) {
        let mut count = 0;
        loop {
            let revision = match trail.next() {
                Next::Probe { change, .. } => change.revision.clone(),
                Next::Found { culprit, word } => {
                    return (format!("{}: {word}", culprit.revision), count);
                }
                Next::Untold(word) => return (word, count),
            };
            count += 1;
            trail.probes.push(Probe {
                hunt: 1,
                request: i64::from(count),
                seen: Some(say(&revision)),
                revision,
            });
            assert!(count < 1000, "it never ends");
        }
    }

    fn number(revision: &str) -> usize {
        revision[1..].parse().expect("a number")
    }

    #[test]
    fn whichever_commit_did_it_is_named_within_the_probes_that_were_foretold() {
        for count in 2..40 {
            for culprit in 1..=count {
                let mut trail = trail(straight(count));
                let foretold = trail.probes_left();
                let (said, took) = follow(&mut trail, |revision| {
                    if number(revision) < culprit {
                        Seen::Good
                    } else {
                        Seen::Bad
                    }
                });
                assert_eq!(said, format!("c{culprit}: it fails, and its parent passes"));
                assert!(took <= foretold, "{count} {culprit}: {took} of {foretold}");
            }
        }
    }

    #[test]
    fn what_cannot_be_judged_is_tried_again_and_then_its_neighbours_are() {
        let (said, _) = follow(&mut trail(straight(9)), |revision| match number(revision) {
            3 | 5 => Seen::Unclear,
            number if number < 7 => Seen::Good,
            _ => Seen::Bad,
        });
        assert_eq!(said, "c7: it fails, and its parent passes");
        let (said, took) = follow(&mut trail(straight(4)), |revision| match number(revision) {
            1 => Seen::Good,
            4 => Seen::Bad,
            _ => Seen::Unclear,
        });
        assert_eq!(said, "2 commits cannot be judged: it is one from c2 to c4");
        assert_eq!(took, 5, "two tries of two, and one of the first");
    }

    #[test]
    fn a_test_that_failed_by_chance_blames_nobody() {
        let (said, _) = follow(&mut trail(straight(6)), |_| Seen::Good);
        assert!(said.starts_with("c6 failed, and passes"), "{said}");
        let (said, _) = follow(&mut trail(straight(2)), |revision| match revision {
            "c1" => Seen::Good,
            _ => Seen::Unclear,
        });
        let rests = "c2: it failed, and could not be tested again, and its parent passes";
        assert_eq!(said, rests);
    }

    /// `M` merges `s1` and `s2`, made on `base`, into `m2`.
    fn merged() -> Vec<Change> {
        vec![
            change(1, "m1", Some(&["base"])),
            change(2, "s1", Some(&["base"])),
            change(3, "m2", Some(&["m1"])),
            change(4, "s2", Some(&["s1"])),
            change(5, "M", Some(&["m2", "s2"])),
            change(6, "m3", Some(&["M"])),
        ]
    }

    #[test]
    fn a_merge_is_looked_into_where_it_did_it_and_blamed_where_none_of_its_commits_did() {
        for (culprit, bad) in [
            ("m1", ["m1", "m2", "M", "m3", "", ""]),
            ("m2", ["m2", "M", "m3", "", "", ""]),
            ("s1", ["s1", "s2", "M", "m3", "", ""]),
            ("s2", ["s2", "M", "m3", "", "", ""]),
            ("M", ["M", "m3", "", "", "", ""]),
            ("m3", ["m3", "", "", "", "", ""]),
        ] {
            let (said, _) = follow(&mut trail(merged()), |revision| {
                if bad.contains(&revision) {
                    Seen::Bad
                } else {
                    Seen::Good
                }
            });
            assert!(said.starts_with(&format!("{culprit}: it fails")), "{said}");
        }
    }

    #[test]
    fn commits_that_a_branch_has_lost_are_not_suspected() {
        let span = vec![
            change(1, "old", Some(&["base"])),
            change(2, "new", Some(&["before"])),
        ];
        let (said, took) = follow(&mut trail(span), |_| Seen::Bad);
        assert_eq!(said, "new: it fails; its parent, before, was not tested");
        assert_eq!(took, 1);
    }

    #[test]
    fn where_no_parents_were_kept_the_order_counts() {
        let span: Vec<Change> = (1..=3)
            .map(|at| change(at, &format!("c{at}"), None))
            .collect();
        let (said, _) = follow(&mut trail(span), |revision| match revision {
            "c1" => Seen::Good,
            _ => Seen::Bad,
        });
        assert_eq!(said, "c2: it fails, and its parent passes");
    }
}
