use super::super::{Page, Secret};
use super::*;

#[track_caller]
fn page(lines: &str) -> Page {
    let watch = watch(&format!("{WATCH}[watch.page]\n{lines}"));
    watch.page.expect("a page")
}

/// The one thing that is wrong with these lines, which begin on line 4.
#[track_caller]
fn problem_of_page(lines: &str) -> String {
    problem(&format!("{WATCH}[watch.page]\n{lines}"))
}

#[test]
fn a_page_of_which_nothing_is_said_is_for_this_machine_alone() {
    let usual = page("");
    assert_eq!(usual, Page::at(Page::LISTEN));
    assert!(usual.listen.ip().is_loopback());
    assert_eq!(watch(WATCH).page, None);
}

#[test]
fn a_page_below_a_path_knows_it() {
    let below = page("url = \"https://ci.example.org/django/\"\nhook = { secret = \"push\" }\n");
    assert_eq!(below.url.as_deref(), Some("https://ci.example.org/django"));
    assert_eq!(below.prefix(), "/django");
    assert_eq!(below.hook, Some(Secret::Named("push".to_owned())));
    assert_eq!(page("url = \"https://ci.example.org\"\n").prefix(), "");
}

#[test]
fn what_is_wrong_with_a_page_is_told_where_it_is() {
    are_told(
        problem_of_page,
        &[
            ("listen = \"localhost\"\n", "4:10", "127.0.0.1:8010"),
            ("listen = 8010\n", "4:10", "listen: this is"),
            ("url = \"ci.example.org\"\n", "4:7", "no address of a page"),
            ("url = \"https://me:x@example.org\"\n", "4:7", "no address"),
            ("project = \"ftp://x\"\n", "4:11", "no address of a page"),
            ("name = \" \"\n", "4:8", "says nothing"),
            ("hook = \"abc\"\n", "4:8", "a key is a secret"),
            ("adress = \"x\"\n", "4:1", "unknown key adress"),
        ],
    );
    let problem = problem("[watch]\nsource = \"/x\"\npage = 3\n");
    assert!(problem.contains("watch.page is a table"), "{problem}");
}
