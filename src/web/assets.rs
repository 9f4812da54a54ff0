//! What pages are made pretty and lively with; all of it is in the binary.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::answer::fresh;

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/live.js");
const ICON: &str = include_str!("assets/icon.svg");

/// The style sheet.
pub async fn style(asked: HeaderMap) -> Response {
    lasting("text/css; charset=utf-8", STYLE, &asked)
}

/// The script.
pub async fn script(asked: HeaderMap) -> Response {
    lasting("text/javascript; charset=utf-8", SCRIPT, &asked)
}

/// The icon.
pub async fn icon(asked: HeaderMap) -> Response {
    lasting("image/svg+xml", ICON, &asked)
}

fn lasting(kind: &'static str, text: &str, asked: &HeaderMap) -> Response {
    let mut response = fresh(kind, text.to_owned(), asked).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("max-age=300"),
    );
    response
}
