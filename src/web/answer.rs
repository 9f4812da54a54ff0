use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ask::Ask;
use super::visitor::Visitor;
use super::{Desk, WebError};
use crate::model::hex;

/// What a page shows and the API gives.
pub trait View: Serialize + JsonSchema + Template + Sized + Send + 'static {
    /// Its address, as axum's router takes it.
    const PATH: &'static str;
    /// What it is, for the description of the API.
    const ABOUT: &'static str;
    /// What may stand behind the question mark, and what it does.
    const QUERY: &'static [(&'static str, &'static str)] = &[];

    /// Reads it.
    ///
    /// # Errors
    /// When there is no such thing, or it cannot be read.
    fn read(ask: &Ask) -> Result<Self, WebError>;

    /// What stands at the top of the page.
    fn title(&self) -> String;
}

/// Every page has this around what it shows.
#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    name: &'a str,
    project: Option<&'a str>,
    prefix: &'a str,
    base: &'a str,
    path: &'a str,
    api: Option<&'a str>,
    title: &'a str,
    main: &'a str,
    who: Option<&'a str>,
    has_login: bool,
}

impl Layout<'_> {
    /// Whether this is the page of that name, or about one of the things that it lists.
    fn is_at(&self, name: &str) -> bool {
        self.path.split(['?', '/']).next() == Some(name)
    }
}

/// Something that went wrong, as a page.
#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    why: &'a str,
}

/// A page around what is shown.
pub fn page(
    desk: &Desk,
    visitor: &Visitor,
    path: &str,
    api: Option<&str>,
    title: &str,
    main: &str,
) -> String {
    let base = format!("{}/", desk.page.prefix());
    layout(desk, visitor, (path, &base), api, title, main)
}

/// The same where links within the page are its own and all others are whole.
pub fn page_at(
    desk: &Desk,
    visitor: &Visitor,
    (path, base): (&str, &str),
    title: &str,
    main: &str,
) -> String {
    layout(desk, visitor, (path, base), None, title, main)
}

fn layout(
    desk: &Desk,
    visitor: &Visitor,
    (path, base): (&str, &str),
    api: Option<&str>,
    title: &str,
    main: &str,
) -> String {
    let layout = Layout {
        name: &desk.page.name,
        project: desk.page.project.as_deref(),
        prefix: desk.page.prefix(),
        base,
        path,
        api,
        title,
        main,
        who: visitor.name(),
        has_login: desk.access.has_login(),
    };
    layout.render().unwrap_or_default()
}

/// A body of this kind, or the news that whoever asks has it already.
pub fn fresh(kind: &'static str, body: String, asked: &HeaderMap) -> Response<Body> {
    let tag = format!("W/\"{}\"", &hex(&Sha256::digest(body.as_bytes()))[..24]);
    let mut response = if is_known(&tag, asked) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(body))
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// A page for one person, of which nobody keeps a copy.
pub fn own(page: String, status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether this is among what somebody says that they have: proxies make weak tags strong
/// and spread them over several lines (RFC 9110, 13.1.2).
fn is_known(tag: &str, asked: &HeaderMap) -> bool {
    let opaque = |one: &str| one.trim().trim_start_matches("W/").to_owned();
    let lines = asked.get_all(header::IF_NONE_MATCH).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|one| one.trim() == "*" || opaque(one) == opaque(tag))
}

/// What went wrong, as a page.
pub fn problem_page(
    desk: &Desk,
    visitor: &Visitor,
    path: &str,
    error: &WebError,
) -> Response<Body> {
    let why = error.to_string();
    let main = Problem { why: &why }.render().unwrap_or_default();
    let body = page(desk, visitor, path, None, "That did not work", &main);
    with_status("text/html; charset=utf-8", body, error)
}

/// What went wrong, for programs.
pub fn problem_json(error: &WebError) -> Response<Body> {
    let body = serde_json::json!({ "error": error.to_string() }).to_string();
    with_status("application/json", body, error)
}

fn with_status(kind: &'static str, body: String, error: &WebError) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
