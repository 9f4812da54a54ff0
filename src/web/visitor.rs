use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;

use super::answer::problem_json;
use super::routes::API;
use super::{Desk, WebError};
use crate::access::Person;

/// The name of the cookie that says whose session it is.
const COOKIE: &str = "djbuild";

/// Who asks.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// The person, where that is known.
    pub person: Option<Person>,
    /// Their session, where they have one: a secret.
    pub session: Option<String>,
}

impl Visitor {
    /// What they are called.
    pub fn name(&self) -> Option<&str> {
        self.person.as_ref().map(|person| person.name.as_str())
    }
}

/// Finds out who asks, and lets nobody look who may not.
pub async fn known(
    State(desk): State<Arc<Desk>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let visitor = match find(&desk, request.headers()).await {
        Ok(visitor) => visitor,
        Err(error) => return problem_json(&error),
    };
    let path = own(&desk, request.uri().path()).to_owned();
    let is_open = matches!(
        path.as_str(),
        "/login" | "/style.css" | "/live.js" | "/icon.svg" | "/healthz" | "/hook"
    );
    if !is_open && !desk.access.may_read(visitor.person.as_ref()) {
        if path.starts_with(API) || path == "/events" || path == "/metrics" {
            let error =
                WebError::Forbidden("log in, or show a token: Authorization: Bearer …".into());
            let mut response = problem_json(&error);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            return response;
        }
        let query = request.uri().query();
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        return to_login(&desk, &format!("{path}{query}"));
    }
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

async fn find(desk: &Desk, headers: &HeaderMap) -> Result<Visitor, WebError> {
    let word = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let bearer = word(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    if let Some(token) = bearer {
        return Ok(Visitor {
            person: desk.access.bearer(token.trim()).await?,
            session: None,
        });
    }
    let cookies = word(header::COOKIE).unwrap_or_default().split(';');
    let session = cookies
        .filter_map(|one| one.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned());
    let person = match &session {
        Some(session) => desk.access.who(session).await?,
        None => None,
    };
    Ok(Visitor {
        session: session.filter(|_| person.is_some()),
        person,
    })
}

/// The path of an address without what a proxy puts before it.
pub fn own<'a>(desk: &Desk, path: &'a str) -> &'a str {
    match path.strip_prefix(desk.page.prefix()) {
        Some("") => "/",
        Some(own) if own.starts_with('/') => own,
        _ => path,
    }
}

/// Sends somebody to log in, and then where they wanted to go.
pub fn to_login(desk: &Desk, next: &str) -> Response<Body> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    see_other(desk, &format!("/login?{}", query.finish()))
}

/// Sends somebody elsewhere on this page.
pub fn see_other(desk: &Desk, path: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let address = format!("{}{path}", desk.page.prefix());
    if let Ok(address) = HeaderValue::from_str(&address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

/// What has a browser keep a session, or forget it.
pub fn cookie(desk: &Desk, session: Option<&str>) -> Option<HeaderValue> {
    let secure = match &desk.page.url {
        Some(url) if url.starts_with("https://") => "; Secure",
        _ => "",
    };
    let (value, age) = match session {
        Some(session) => (session, 14 * 86_400),
        None => ("", 0),
    };
    let prefix = desk.page.prefix();
    HeaderValue::from_str(&format!(
        "{COOKIE}={value}; Path={prefix}/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
    ))
    .ok()
}
