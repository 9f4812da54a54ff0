use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

use super::Desk;

/// The name of the cookie that says whose session it is.
pub const COOKIE: &str = "djbuild";

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
