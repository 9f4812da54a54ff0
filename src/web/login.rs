use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, Form, Query, State};
use axum::http::{Response, StatusCode, header};
use serde::Deserialize;

use super::answer::{own, page, problem_page};
use super::redirect::{cookie, see_other};
use super::visitor::Visitor;
use super::{Desk, WebError};
use crate::access::Refused;

/// The form in which somebody says who they are.
#[derive(Template)]
#[template(path = "login.html")]
struct LoginForm<'a> {
    name: &'a str,
    next: &'a str,
    why: Option<&'a str>,
    has_login: bool,
}

/// What they typed.
#[derive(Deserialize)]
pub struct Typed {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Asks who somebody is.
pub async fn form(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response<Body> {
    let next = query.get("next").map_or("", String::as_str);
    shown(&desk, &visitor, ("", next), None, StatusCode::OK)
}

/// Lets somebody in, or says why not.
pub async fn log_in(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Form(typed): Form<Typed>,
) -> Response<Body> {
    match desk
        .access
        .login(&typed.name, &typed.password, from.ip())
        .await
    {
        Ok(session) => {
            let mut response = see_other(&desk, local(&typed.next));
            if let Some(cookie) = cookie(&desk, Some(&session.cookie)) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(refused) => {
            let why = refused.to_string();
            let status = match &refused {
                Refused::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
                Refused::Down(_) | Refused::Busy | Refused::Store(_) => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::FORBIDDEN,
            };
            let mut response = shown(
                &desk,
                &visitor,
                (&typed.name, &typed.next),
                Some(&why),
                status,
            );
            if let Refused::Throttled { pause, .. } = refused {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, pause.as_secs().into());
            }
            response
        }
    }
}

/// Ends a session.
pub async fn log_out(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
) -> Response<Body> {
    if let Some(session) = &visitor.session
        && let Err(error) = desk.access.logout(session).await
    {
        return problem_page(&desk, &visitor, "", &WebError::Store(error));
    }
    let mut response = see_other(&desk, "/");
    if let Some(cookie) = cookie(&desk, None) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn shown(
    desk: &Desk,
    visitor: &Visitor,
    (name, next): (&str, &str),
    why: Option<&str>,
    status: StatusCode,
) -> Response<Body> {
    let form = LoginForm {
        name,
        next,
        why,
        has_login: desk.access.has_login(),
    };
    let main = form.render().unwrap_or_default();
    own(page(desk, visitor, "login", None, "Log in", &main), status)
}

/// Where somebody is sent afterwards: never to another host. Browsers leave tabs and line
/// ends out of addresses and take `\` for `/`.
fn local(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for next in [
            "https://evil.example",
            "//evil.example",
            "/\\evil",
            "/\t/evil.example",
            "/\t\\evil.example",
            "/ /evil.example",
            "evil",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(local(next), "/");
        }
        assert_eq!(local("/runs?branch=main"), "/runs?branch=main");
    }
}
