//! What a watcher should come to, worked out in the simplest way there is: from what was
//! listed at each poll and what each commit's cells come to. No queue, no crash, no clock.

use std::collections::{BTreeMap, BTreeSet};

use super::forge::Forge;

/// What was seen of branches, poll by poll.
#[derive(Debug, Default)]
pub struct Model {
    tips: BTreeMap<String, String>,
    /// By branch and commit, how often a branch came to a commit that it had not been at.
    pub arrivals: BTreeMap<(String, String), usize>,
    /// The tip that a branch has to be tested at in the end.
    pub last: BTreeMap<String, String>,
}

impl Model {
    /// A poll that was answered, and that no branch was broken in.
    pub fn listed(&mut self, forge: &Forge) {
        let names = forge.branches();
        let gone: Vec<String> = self
            .tips
            .keys()
            .filter(|name| !names.contains(name))
            .cloned()
            .collect();
        for name in gone {
            self.tips.remove(&name);
            self.last.remove(&name);
        }
        for name in names {
            let Some(tip) = forge.tip(&name) else {
                continue;
            };
            let new = match self.tips.get(&name) {
                Some(seen) if *seen == tip => Vec::new(),
                Some(seen) => Self::new_since(forge, seen, &tip),
                None => vec![tip.clone()],
            };
            for commit in new {
                *self.arrivals.entry((name.clone(), commit)).or_default() += 1;
            }
            self.tips.insert(name.clone(), tip.clone());
            self.last.insert(name, tip);
        }
    }

    /// What a tip has and another has not; the tip itself where that is nothing.
    fn new_since(forge: &Forge, seen: &str, tip: &str) -> Vec<String> {
        let line = |from: &str| {
            let mut line = vec![from.to_owned()];
            while let Some(parent) = line.last().and_then(|last| forge.parent(last)) {
                line.push(parent);
            }
            line
        };
        let known: BTreeSet<String> = line(seen).into_iter().collect();
        let new: Vec<String> = line(tip)
            .into_iter()
            .filter(|one| !known.contains(one))
            .collect();
        if new.is_empty() {
            vec![tip.to_owned()]
        } else {
            new
        }
    }
}
