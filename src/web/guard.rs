use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;

use super::address::API;
use super::answer::problem_json;
use super::redirect::{COOKIE, to_login};
use super::visitor::Visitor;
use super::{Desk, WebError};

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
    let path = request.uri().path().to_owned();
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
