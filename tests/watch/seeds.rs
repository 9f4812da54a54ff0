//! Stories that nobody wrote: pushes, force-pushes, branches that come and go, outages and
//! kills in an order that a seed decides. A seed that failed becomes a test of its own.

use std::time::Duration;

use djbuild::model::Outcome;
use djbuild::spec::Collapse;

use super::laws::{check, standings_are_those_of_the_newest};
use super::model::Model;
use super::story::{SECOND, Story, scheduler, watch};

/// `DJBUILD_SEEDS=1000 DJBUILD_POLLS=10000` for more of it.
fn from_environment(name: &str, otherwise: u64) -> u64 {
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(otherwise)
}

#[test]
fn whatever_happens_nothing_is_lost_doubled_or_left() {
    let (seeds, polls) = (
        from_environment("DJBUILD_SEEDS", 12),
        from_environment("DJBUILD_POLLS", 150),
    );
    let first = from_environment("DJBUILD_SEED", 1);
    let (mut kills, mut found) = (0, 0);
    for seed in first..first + seeds {
        let mut story = tell(seed, polls);
        kills += story.kills;
        let hunts = story.hunts();
        let those = hunts.iter().filter(|hunt| hunt.culprit.is_some());
        found += those.count();
    }
    println!("{seeds} seeds, {polls} polls each, {kills} kills, {found} culprits");
    assert!(kills > 0, "nobody was killed");
    assert!(found > 0, "no culprit was found");
}

fn tell(seed: u64, polls: u64) -> Story {
    let mut random = fastrand::Rng::with_seed(seed);
    fastrand::seed(seed);
    let mut newest = scheduler("newest", [Duration::ZERO, 10 * SECOND][random.usize(..2)]);
    newest.cancel_superseded = random.bool();
    let mut each = scheduler("each", Duration::ZERO);
    each.collapse = Collapse::Never;
    let mut whole = watch(vec![newest, each]);
    whole.bisect_per_day = [1, 20, 1000][random.usize(..3)];
    let mut story = Story::new(whole.clone());
    story.verdict = Box::new(move |request, cell| {
        let number = u64::from_str_radix(&request.asked.revision, 16).unwrap_or_default();
        match (number * 7 + cell.len() as u64 + seed) % 5 {
            0 => Outcome::Failed,
            _ => Outcome::Passed,
        }
    });
    let mut model = Model::default();
    for _ in 0..polls {
        if random.u8(..100) < 40 {
            happen(&mut story, &mut random);
        }
        if random.u8(..100) < 10 {
            let mut file = whole.clone();
            file.schedulers.truncate(random.usize(1..=2));
            story.reload(file);
        }
        if random.u8(..100) < 15 {
            story.pull_after(random.i64(0..60));
        }
        story.surely(|story| story.poll().map(|_| ()));
        if !story.is_forge_away {
            model.listed(&story.forge);
        }
        story.surely(Story::tick);
        story.surely(Story::begin);
        if !story.running.is_empty() && random.bool() {
            let index = random.usize(..story.running.len());
            story.surely(move |story| {
                if story.running.len() > index {
                    story.end(index)
                } else {
                    Ok(())
                }
            });
        }
        standings_are_those_of_the_newest(&mut story, seed);
        story.surely(Story::send);
        story.pass(Duration::from_secs(random.u64(1..120)));
    }
    story.reload(whole);
    story.rest();
    model.listed(&story.forge);
    check(&mut story, &model, seed);
    story
}

/// Something in the world outside.
fn happen(story: &mut Story, random: &mut fastrand::Rng) {
    let branches = ["main", "stable/6.1.x", "fix"];
    let branch = branches[random.usize(..branches.len())];
    let is_there = story.forge.tip(branch).is_some();
    match random.u8(..12) {
        0..=5 => {
            for _ in 0..random.usize(1..4) {
                story.forge.push(branch, &["django/b.py"]);
            }
        }
        6 if is_there => {
            story.forge.amend(branch);
        }
        7 if is_there => {
            let tip = story.forge.tip(branch).unwrap_or_default();
            if let Some(parent) = story.forge.parent(&tip) {
                story.forge.reset(branch, &parent);
            }
        }
        8 if branch != "main" => story.forge.delete(branch),
        9 => story.set_away(random.bool()),
        10 => story.post.is_away.set(random.bool()),
        _ => {}
    }
}
