use std::time::Duration;

use super::ending::CellVerdict;
use crate::model::{Moment, Outcome};
use crate::store::farm::{Colour, Standing};

/// What turns within so long of one another is flapping.
const DAY: Duration = Duration::from_secs(86_400);
/// With more turns than these in a day.
const TURNS: usize = 3;

/// What a verdict is about.
pub struct Judged<'a> {
    pub repository: &'a str,
    pub branch: &'a str,
    pub question: &'a str,
    /// The place of the commit in the order of its branch.
    pub position: i64,
    pub run: &'a crate::model::RunId,
    pub now: Moment,
}

/// What a verdict changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is red, and was not.
    Red,
    /// It is green, and was red.
    Fixed,
    /// Red as it was, with other tests that fail.
    Changed,
    /// It turned too often of late; nothing more is told of it until it has stood still
    /// for a day.
    Flapping,
}

/// How a cell stands after a verdict, and what is to be told of it. Nothing where the
/// verdict says nothing of Django, or is older than what is known: order is that of
/// commits, not of ends.
pub fn judge(
    judged: &Judged<'_>,
    before: Option<&Standing>,
    cell: &CellVerdict,
) -> Option<(Standing, Option<Turn>)> {
    let colour = colour(cell.outcome)?;
    if before.is_some_and(|before| before.position > judged.position) {
        return None;
    }
    let mut failing = cell.failing.clone();
    failing.sort();
    failing.dedup();
    let was = before.map(|before| before.colour);
    let has_turned = was.is_some_and(|was| was != colour);
    let mut turns: Vec<Moment> = before.map_or_else(Vec::new, |before| before.turns.clone());
    turns.retain(|at| judged.now.since(*at) < DAY);
    if has_turned {
        turns.push(judged.now);
    }
    let turn = match (was, colour) {
        (None | Some(Colour::Green), Colour::Red) => Some(Turn::Red),
        (Some(Colour::Red), Colour::Green) => Some(Turn::Fixed),
        (Some(Colour::Red), Colour::Red) => before
            .is_some_and(|before| before.failing != failing)
            .then_some(Turn::Changed),
        (None | Some(Colour::Green), Colour::Green) => None,
    };
    let turn = match turns.len() {
        count if count <= TURNS => turn,
        count if count == TURNS + 1 && has_turned => Some(Turn::Flapping),
        _ => None,
    };
    let is_new = was != Some(colour);
    let same = before.filter(|_| !is_new);
    let standing = Standing {
        repository: judged.repository.to_owned(),
        branch: judged.branch.to_owned(),
        question: judged.question.to_owned(),
        cell: cell.cell.clone(),
        colour,
        position: judged.position,
        run: judged.run.clone(),
        since: same.map_or(judged.now, |before| before.since),
        first: same.map_or(judged.position, |before| before.first),
        good: match colour {
            Colour::Green => Some(judged.position),
            Colour::Red => before.and_then(|before| before.good),
        },
        failing,
        turns,
    };
    Some((standing, turn))
}

/// The colour of an outcome that says something of Django.
const fn colour(outcome: Outcome) -> Option<Colour> {
    match outcome {
        Outcome::Passed => Some(Colour::Green),
        // A suite that cannot run, or in which there is no test, is no good one.
        Outcome::Failed | Outcome::Errored | Outcome::Empty => Some(Colour::Red),
        Outcome::Infrastructure | Outcome::Cancelled | Outcome::Skipped => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunId;

    const HOUR: i64 = 3_600_000;

    fn cell(outcome: Outcome, failing: &[&str]) -> CellVerdict {
        CellVerdict {
            cell: "main-python3.14-sqlite".to_owned(),
            outcome,
            failing: failing.iter().map(|test| (*test).to_owned()).collect(),
        }
    }

    /// Judges one after the other: place, hour and outcome of each.
    fn told(story: &[(i64, i64, Outcome)]) -> Vec<Option<Turn>> {
        let mut standing: Option<Standing> = None;
        let run = RunId::new("r");
        story
            .iter()
            .map(|(position, hour, outcome)| {
                let judged = Judged {
                    repository: "r",
                    branch: "main",
                    question: "",
                    position: *position,
                    run: &run,
                    now: Moment(hour * HOUR),
                };
                let (next, turn) = judge(&judged, standing.as_ref(), &cell(*outcome, &["t"]))?;
                standing = Some(next);
                turn
            })
            .collect()
    }

    use Outcome::{Cancelled, Errored, Failed, Infrastructure, Passed, Skipped};

    #[test]
    fn a_turn_is_told_and_what_stays_is_not() {
        let story = [
            (1, 0, Passed),
            (2, 30, Failed),
            (3, 60, Errored),
            (4, 90, Passed),
            (5, 120, Passed),
        ];
        let turns = [None, Some(Turn::Red), None, Some(Turn::Fixed), None];
        assert_eq!(told(&story), turns);
    }

    #[test]
    fn the_first_verdict_is_told_where_it_is_red_and_once() {
        assert_eq!(
            told(&[(1, 0, Failed), (2, 1, Failed)]),
            [Some(Turn::Red), None]
        );
    }

    #[test]
    fn what_says_nothing_of_django_moves_nothing() {
        let story = [
            (1, 0, Passed),
            (2, 1, Infrastructure),
            (3, 2, Cancelled),
            (4, 3, Skipped),
            (5, 4, Passed),
        ];
        assert_eq!(told(&story), [None; 5]);
    }

    #[test]
    fn an_older_commit_that_ends_later_overwrites_nothing() {
        let story = [
            (1, 0, Passed),
            (3, 1, Passed),
            (2, 2, Failed),
            (4, 3, Passed),
        ];
        assert_eq!(told(&story), [None; 4]);
    }

    #[test]
    fn what_turns_too_often_is_told_once_and_then_left_alone_for_a_day() {
        let story = [
            (1, 0, Passed),
            (2, 1, Failed),
            (3, 2, Passed),
            (4, 3, Failed),
            (5, 4, Passed),
            (6, 5, Failed),
            (7, 6, Passed),
            (8, 40, Failed),
        ];
        let turns = told(&story);
        assert_eq!(turns[4], Some(Turn::Flapping));
        assert_eq!(turns[5..7], [None, None]);
        assert_eq!(turns[7], Some(Turn::Red));
    }
}
