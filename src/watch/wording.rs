use std::fmt::Write as _;

use super::news::{CellNews, News};
use crate::model::{Moment, plural, short};

/// So many cells are told one by one.
const CELLS: usize = 20;

impl News {
    /// All of it, in lines for people who read them in a terminal.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.headline);
        for (cells, name, what, since) in [
            (&self.red, &self.named.red, "Failed", "red since"),
            (&self.fixed, &self.named.fixed, "Fixed", "was red since"),
            (
                &self.changed,
                &self.named.changed,
                "Other tests fail",
                "red since",
            ),
            (
                &self.flapping,
                &self.named.flapping,
                "Turns too often, so no more is told of it for a day",
                "red since",
            ),
        ] {
            if !cells.is_empty() {
                let _ = write!(text, "\n{what}: {name}\n");
                tell_cells(&mut text, cells, since);
            }
        }
        self.tell_commits(&mut text);
        text.push('\n');
        for (word, value) in [
            ("Branch", self.branch.as_str()),
            ("Commit", &self.revision),
            ("Repository", &self.repository),
            ("Scheduler", &self.scheduler),
            ("Run", self.run.as_deref().unwrap_or_default()),
            ("See", self.link.as_deref().unwrap_or_default()),
        ] {
            if !value.is_empty() {
                let _ = writeln!(text, "{word:11}{value}");
            }
        }
        if let Some(run) = &self.run {
            let _ = writeln!(text, "\nAll of it: djbuild show {run}");
        }
        text.trim_end().to_owned() + "\n"
    }

    fn tell_commits(&self, text: &mut String) {
        if self.commits.is_empty() {
            return;
        }
        let count = plural(self.commits_in_all as u64, "commit");
        let _ = write!(text, "\n{count} since it was last good:\n");
        for commit in &self.commits {
            let short = short(&commit.revision);
            let _ = writeln!(text, "  {short} {} ({})", commit.subject, commit.author);
            if let Some(link) = &commit.link {
                let _ = writeln!(text, "             {link}");
            }
        }
        let more = self.commits_in_all.saturating_sub(self.commits.len());
        if more > 0 {
            let _ = writeln!(text, "  and {more} more");
        }
    }

    /// What it belongs with: since when cells of a branch are red, or were. News of the
    /// same trouble share at least one of these.
    pub fn threads(&self) -> Vec<String> {
        let lists = [&self.red, &self.fixed, &self.changed, &self.flapping];
        let cells = lists.into_iter().flatten();
        let mut since: Vec<Moment> = cells.filter_map(|cell| cell.red_since).collect();
        since.sort_unstable();
        since.dedup();
        let since = since.into_iter();
        since
            .map(|since| format!("{} {} {}", self.repository, self.branch, since.0))
            .collect()
    }
}

/// Cells of which the same is told are told together.
fn tell_cells(text: &mut String, cells: &[CellNews], since: &str) {
    let mut told: Vec<&CellNews> = Vec::new();
    let same = |a: &CellNews, b: &CellNews| {
        (a.red_since, &a.failing, a.failing_in_all) == (b.red_since, &b.failing, b.failing_in_all)
    };
    for cell in cells {
        if told.iter().any(|other| same(other, cell)) {
            continue;
        }
        told.push(cell);
        let alike: Vec<&CellNews> = cells.iter().filter(|other| same(cell, other)).collect();
        for other in alike.iter().take(CELLS) {
            let _ = writeln!(text, "  {}", other.cell);
        }
        if alike.len() > CELLS {
            let _ = writeln!(text, "  and {} more", alike.len() - CELLS);
        }
        if let Some(at) = cell.red_since {
            let _ = writeln!(text, "    {since} {}", wall(at));
        }
        for test in &cell.failing {
            let _ = writeln!(text, "    {test}");
        }
        let more = cell.failing_in_all.saturating_sub(cell.failing.len());
        if more > 0 {
            let _ = writeln!(text, "    and {more} more");
        }
    }
}

fn wall(at: Moment) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| String::new(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::{Blamed, Named};

    fn cell(name: &str, since: i64) -> CellNews {
        CellNews {
            cell: name.to_owned(),
            red_since: Some(Moment(since)),
            failing: vec!["cache.tests.Clear".to_owned()],
            failing_in_all: 3,
        }
    }

    #[test]
    fn a_mail_says_what_failed_since_when_and_who_may_know_why() {
        let news = News {
            headline: "main at 0123456789: failed: every postgresql17".to_owned(),
            branch: "main".to_owned(),
            red: vec![
                cell("main-python3.13-postgresql17", 0),
                cell("main-python3.14-postgresql17", 0),
            ],
            named: Named {
                red: "every postgresql17".to_owned(),
                ..Named::default()
            },
            commits: vec![Blamed {
                revision: "0123456789abcdef".to_owned(),
                author: "Jo".to_owned(),
                subject: "Fixed #1".to_owned(),
                link: None,
            }],
            commits_in_all: 2,
            run: Some("r1".to_owned()),
            ..News::default()
        };
        assert_eq!(
            news.text(),
            "main at 0123456789: failed: every postgresql17\n\n\
             Failed: every postgresql17\n  main-python3.13-postgresql17\n  \
             main-python3.14-postgresql17\n    red since 1970-01-01 00:00 UTC\n    \
             cache.tests.Clear\n    and 2 more\n\n\
             2 commits since it was last good:\n  0123456789 Fixed #1 (Jo)\n  and 1 more\n\n\
             Branch     main\nRun        r1\n\nAll of it: djbuild show r1\n"
        );
    }

    #[test]
    fn what_is_fixed_belongs_with_what_was_red() {
        let red = News {
            red: vec![cell("a", 5)],
            ..News::default()
        };
        let fixed = News {
            fixed: vec![cell("a", 5), cell("b", 9), cell("c", 9)],
            ..News::default()
        };
        assert_eq!(fixed.threads().len(), 2);
        assert_eq!(fixed.threads()[0], red.threads()[0]);
    }
}
