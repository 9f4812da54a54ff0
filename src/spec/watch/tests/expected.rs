use super::*;
use crate::spec::Claim;

fn expect(lines: &str) -> String {
    format!("{WATCH}[[expect]]\n{lines}")
}

#[test]
fn what_a_commit_requests_can_be_expected() {
    let text = expect("touches = \"docs/index.txt\"\nrequests = []\nbranch = \"main\"\n");
    let spec = read(&text).expect("valid");
    let claim = Claim::Requests {
        touches: vec!["docs/index.txt".to_owned()],
        schedulers: Vec::new(),
    };
    assert_eq!(spec.expects[0].claim, claim);
    assert!(spec.expects[0].branch.is_some());
    read(&expect(
        "touches = [\"a\", \"b\"]\nrequests = \"branches\"\n",
    ))
    .expect("it is there");
}

#[test]
fn what_is_wrong_with_such_an_expectation_is_told_where_it_is() {
    let told = |lines: &str| problem(&expect(lines));
    are_told(
        told,
        &[
            ("touches = \"a\"\n", "4:11", "touches goes with requests"),
            (
                "requests = \"branches\"\n",
                "4:12",
                "requests goes with touches",
            ),
            ("touches = []\nrequests = []\n", "4:11", "no file"),
            (
                "touches = \"/a\"\nrequests = []\n",
                "4:11",
                "root of the tree",
            ),
            (
                "touches = \"a\"\nrequests = \"branch\"\n",
                "5:12",
                "did you mean branches?",
            ),
            (
                "touches = \"a\"\nrequests = []\ncells = 2\n",
                "3:1",
                "says one thing",
            ),
            ("touchs = \"a\"\n", "4:1", "did you mean touches?"),
        ],
    );
    let unwatched = problem("extends = \"quick\"\n[[expect]]\ntouches = \"a\"\nrequests = []\n");
    assert!(unwatched.contains("[watch]"), "{unwatched}");
}

#[test]
fn two_that_cannot_both_be_show_both_places() {
    for (one, other, word) in [("[]", "[]", "twice"), ("[]", "\"branches\"", "contradicts")] {
        let lines = |requests| format!("[[expect]]\ntouches = \"a\"\nrequests = {requests}\n");
        let text = format!("{WATCH}{}{}", lines(one), lines(other));
        let problems = read(&text).expect_err("twice").0;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].message.contains(word), "{problems:#?}");
        assert!(problems[0].other.is_some());
    }
    let lines =
        "[[expect]]\ntouches = \"a\"\nrequests = []\n[[expect]]\ntouches = \"b\"\nrequests = []\n";
    read(&format!("{WATCH}{lines}")).expect("of two files");
}
