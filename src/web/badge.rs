use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, Response};

use super::answer::{fresh, problem_page};
use super::ask::made;
use super::visitor::Visitor;
use super::{Desk, WebError};
use crate::store::farm::Colour;

/// A branch, or a cell of it, in a picture for other pages.
#[derive(Template)]
#[template(path = "badge.svg")]
struct Badge {
    label: String,
    word: String,
    colour: &'static str,
    label_width: usize,
    word_width: usize,
}

/// A badge of a branch; of one cell with `?cell=`.
pub async fn badge(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(path): Path<BTreeMap<String, String>>,
    Query(query): Query<BTreeMap<String, String>>,
    asked: HeaderMap,
) -> Response<Body> {
    let made = made(Arc::clone(&desk), path, query, |ask| {
        let typed = ask.part("branch");
        let branch = typed.strip_suffix(".svg").unwrap_or(typed);
        let cell = ask.word("cell");
        let (label, colours) = ask.look(|book| {
            let known = ask.branches(book)?;
            let own = known.iter().find(|one| one.name == branch);
            let own =
                own.ok_or_else(|| WebError::Missing(format!("no branch {branch} is watched")))?;
            let standings = book.standings()?.into_iter().filter(|one| {
                one.repository == own.repository
                    && one.branch == own.name
                    && cell.is_none_or(|cell| one.cell == cell)
            });
            let colours: Vec<Colour> = standings.map(|one| one.colour).collect();
            Ok((cell.unwrap_or(branch).to_owned(), colours))
        })?;
        let red = colours.iter().filter(|one| **one == Colour::Red).count();
        let (word, colour) = match (red, colours.len()) {
            (_, 0) => ("unknown".to_owned(), "#6b7280"),
            (0, _) => ("passed".to_owned(), "#1a7f37"),
            (_, 1) => ("failed".to_owned(), "#b42318"),
            (red, all) => (format!("{red} of {all} failed"), "#b42318"),
        };
        let badge = Badge {
            label_width: width(&label),
            word_width: width(&word),
            label,
            word,
            colour,
        };
        badge.render().map_err(|_| WebError::Bug)
    });
    match made.await {
        Ok(svg) => fresh("image/svg+xml", svg, &asked),
        Err(error) => problem_page(&desk, &visitor, "", &error),
    }
}

/// How wide a text is, about, in the font of badges.
fn width(text: &str) -> usize {
    text.chars().count() * 7 + 12
}
