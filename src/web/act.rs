use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Extension, Form, Path, Query, State};
use axum::http::{Response, StatusCode, header};

use super::answer::{own, page, problem_json, problem_page};
use super::ask::made;
use super::redirect::{see_other, to_login};
use super::visitor::Visitor;
use super::{Desk, WebError};
use crate::watch::{Order, obey};

/// What somebody is asked before anything is done.
#[derive(Template)]
#[template(path = "act.html")]
struct Confirm<'a> {
    what: &'a str,
    title: &'a str,
    about: &'a str,
    fields: Vec<Field>,
    branches: Vec<String>,
    who: &'a str,
    csrf: String,
}

/// A field of a form.
struct Field {
    name: &'static str,
    label: &'static str,
    value: String,
    is_needed: bool,
}

/// What can be done: its name, what it does, its fields and whether each is needed.
type Act = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, bool)],
);

const ACTS: [Act; 6] = [
    (
        "force",
        "Run the tip of a branch now, before everything that waits.",
        &[
            ("branch", "Branch", true),
            (
                "scheduler",
                "As this scheduler would (empty: the first that watches the branch)",
                false,
            ),
            (
                "cells",
                "Only these cells, by name, with spaces between (empty: all)",
                false,
            ),
            ("reason", "Why, for others who look at the queue", true),
        ],
    ),
    (
        "pause",
        "Begin nothing more of a branch or a scheduler until it is resumed; what runs goes on.",
        &[("what", "Branch or scheduler (empty: everything)", false)],
    ),
    (
        "resume",
        "End a pause.",
        &[("what", "Branch or scheduler (empty: everything)", false)],
    ),
    ("cancel", "End a request.", &[("request", "Request", true)]),
    ("stop", "End a run.", &[("run", "Run", true)]),
    (
        "resend",
        "Send a notice again.",
        &[("notice", "Notice", true)],
    ),
];

fn known(what: &str) -> Result<Act, WebError> {
    let found = ACTS.into_iter().find(|(name, _, _)| *name == what);
    found.ok_or_else(|| WebError::Missing(format!("nothing here is called {what}")))
}

/// Asks whether somebody means it.
pub async fn form(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(what): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response<Body> {
    let path = format!("act/{what}");
    let (name, about, fields) = match known(&what) {
        Ok(act) => act,
        Err(error) => return problem_page(&desk, &visitor, &path, &error),
    };
    let Some(person) = &visitor.person else {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        address.extend_pairs(&query);
        return to_login(&desk, &format!("/{path}?{}", address.finish()));
    };
    if let Err(error) = may(&visitor) {
        return problem_page(&desk, &visitor, &path, &error);
    }
    let session = visitor.session.as_deref().unwrap_or_default();
    let branches = made(Arc::clone(&desk), BTreeMap::new(), query.clone(), |ask| {
        ask.look(|book| {
            Ok(ask
                .branches(book)?
                .into_iter()
                .map(|one| one.name)
                .collect())
        })
    });
    let title = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let confirm = Confirm {
        what: name,
        title: &title,
        about,
        fields: fields
            .iter()
            .map(|(name, label, is_needed)| Field {
                name,
                label,
                value: query.get(*name).cloned().unwrap_or_default(),
                is_needed: *is_needed,
            })
            .collect(),
        branches: branches.await.unwrap_or_default(),
        who: &person.name,
        csrf: desk.access.csrf(session),
    };
    let main = confirm.render().unwrap_or_default();
    own(
        page(&desk, &visitor, &path, None, &title, &main),
        StatusCode::OK,
    )
}

/// Does it, for a browser.
pub async fn act(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(what): Path<String>,
    Form(typed): Form<BTreeMap<String, String>>,
) -> Response<Body> {
    let path = format!("act/{what}");
    let session = visitor.session.as_deref().unwrap_or_default();
    let carried = typed.get("csrf").map_or("", String::as_str);
    let done = match may(&visitor) {
        Ok(()) if desk.access.csrf_is_right(session, carried) => {
            done(&desk, &visitor, &what, typed).await
        }
        Ok(()) => Err(WebError::Forbidden(
            "this form is not from here, or from another session: open it again".to_owned(),
        )),
        Err(error) => Err(error),
    };
    match done {
        Ok(_) if what == "resend" => see_other(&desk, "/notices"),
        Ok(_) => see_other(&desk, "/queue"),
        Err(error) => problem_page(&desk, &visitor, &path, &error),
    }
}

/// Does it, for a script, which shows a token.
pub async fn api(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(what): Path<String>,
    Form(typed): Form<BTreeMap<String, String>>,
) -> Response<Body> {
    // A browser's session is not enough here: other sites cannot show a token.
    let asked = match (&visitor.session, may(&visitor)) {
        (None, Ok(())) => done(&desk, &visitor, &what, typed).await,
        (None, Err(error)) => Err(error),
        (Some(_), _) => Err(WebError::Forbidden(
            "show a token here: Authorization: Bearer …; `djbuild token add NAME` makes one"
                .to_owned(),
        )),
    };
    match asked {
        Ok(said) => {
            let body = serde_json::json!({ "done": said }).to_string();
            let mut response = Response::new(Body::from(body));
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                header::HeaderValue::from_static("application/json"),
            );
            response
        }
        Err(error) => {
            let mut response = problem_json(&error);
            if visitor.person.is_none() {
                *response.status_mut() = StatusCode::UNAUTHORIZED;
            }
            response
        }
    }
}

/// Whether somebody may do anything but look.
fn may(visitor: &Visitor) -> Result<(), WebError> {
    match &visitor.person {
        Some(person) if person.may_steer => Ok(()),
        Some(person) => Err(WebError::Forbidden(format!(
            "{} may only look",
            person.name
        ))),
        None => Err(WebError::Forbidden("log in first".to_owned())),
    }
}

async fn done(
    desk: &Arc<Desk>,
    visitor: &Visitor,
    what: &str,
    typed: BTreeMap<String, String>,
) -> Result<String, WebError> {
    let order = order(what, &typed)?;
    let who = visitor.name().unwrap_or_default().to_owned();
    let working = made(Arc::clone(desk), BTreeMap::new(), typed, move |ask| {
        let orders = ask.desk.orders();
        let mut farm = ask.state().farm()?;
        Ok(farm.within(|book| obey(book, &orders.watch, &order, &who, ask.now))?)
    });
    let said = working.await?;
    desk.helm.wake();
    Ok(said)
}

/// What a form asks for.
fn order(what: &str, typed: &BTreeMap<String, String>) -> Result<Order, WebError> {
    let (_, _, fields) = known(what)?;
    let word = |name: &str| {
        let word = typed.get(name).map(|word| word.trim());
        word.filter(|word| !word.is_empty()).map(str::to_owned)
    };
    for (name, label, is_needed) in fields {
        if *is_needed && word(name).is_none() {
            return Err(WebError::Wrong(format!("{label}: this is needed ({name})")));
        }
    }
    let needed = |name: &str| word(name).unwrap_or_default();
    Ok(match what {
        "force" => Order::Force {
            branch: needed("branch"),
            cells: needed("cells")
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            scheduler: word("scheduler"),
            reason: needed("reason"),
        },
        "pause" => Order::Pause { what: word("what") },
        "resume" => Order::Resume { what: word("what") },
        "cancel" => Order::Cancel {
            request: needed("request").parse().map_err(|_| {
                WebError::Wrong(format!("request {}: a number is wanted", needed("request")))
            })?,
        },
        "stop" => Order::Stop { run: needed("run") },
        _ => Order::Resend {
            notice: needed("notice"),
        },
    })
}
