use super::news::{Blamed, CellNews, News};
use crate::model::{Moment, Outcome};

impl News {
    /// News of each kind that there is, made up, to try words on: cells that turned, a run
    /// in which nothing did, a trouble.
    pub fn samples(at: Moment) -> [Self; 4] {
        let cell = CellNews {
            cell: "main-python3.14-sqlite".to_owned(),
            red_since: Some(at),
            failing: vec!["basic.tests.ModelTest.test_it".to_owned()],
            failing_in_all: 1,
        };
        let passed = Self {
            id: "sample".to_owned(),
            repository: "https://example.org/django".to_owned(),
            branch: "main".to_owned(),
            revision: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            request: Some(1),
            scheduler: "branches".to_owned(),
            run: Some("20260101-000000-abcd".to_owned()),
            outcome: Outcome::Passed.as_str().to_owned(),
            at,
            ..Self::default()
        };
        let commits = vec![Blamed {
            revision: passed.revision.clone(),
            author: "Jo Doe".to_owned(),
            subject: "Fixed #1 -- \"It\" works".to_owned(),
            link: None,
        }];
        let red = Self {
            outcome: Outcome::Failed.as_str().to_owned(),
            red: vec![cell.clone()],
            changed: vec![cell.clone()],
            flapping: vec![cell.clone()],
            commits: commits.clone(),
            commits_in_all: 1,
            ..passed.clone()
        };
        let fixed = Self {
            fixed: vec![cell],
            commits,
            commits_in_all: 1,
            ..passed.clone()
        };
        let trouble = Self {
            trouble: Some("https://example.org/django: no answer".to_owned()),
            at,
            ..Self::default()
        };
        [red, fixed, passed, trouble]
    }
}
