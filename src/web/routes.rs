use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Path, Query, Request, State};
use axum::http::{HeaderValue, Response, header};
use axum::middleware::{self, Next};
use axum::routing::{get, post};

use tower_http::csrf::CsrfLayer;

use super::address::{self, API};
use super::answer::{View, fresh, page, problem_json, problem_page};
use super::ask::made;
use super::view::{
    CellPage, Console, Front, Machine, Notices, Queue, RequestPage, RunPage, Runs, TestPage,
    Waterfall,
};
use super::visitor::Visitor;
use super::{
    Desk, WebError, act, assets, badge, feed, guard, health, hook, live, log, login, metrics,
    openapi,
};

/// What may be loaded, and from where: from here, and no script that stands in a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

/// So much may somebody send in a form.
const FORM: usize = 64 * 1024;
/// And so much GitHub may say of a push
/// (<https://docs.github.com/en/webhooks/webhook-events-and-payloads>).
const HINT: usize = 25 * 1024 * 1024;

/// Addresses of views, as they are put together.
pub struct Views {
    router: Router<Arc<Desk>>,
    /// What the API has.
    pub described: openapi::Described,
}

impl Views {
    /// All views.
    pub fn all() -> Self {
        let mut views = Self {
            router: Router::new(),
            described: openapi::Described::default(),
        };
        views.add::<Front>();
        views.add::<Console>();
        views.add::<Waterfall>();
        views.add::<Queue>();
        views.add::<RequestPage>();
        views.add::<Runs>();
        views.add::<RunPage>();
        views.add::<CellPage>();
        views.add::<TestPage>();
        views.add::<Notices>();
        views.add::<Machine>();
        views
    }

    fn add<V: View>(&mut self) {
        let api = address::api_path(V::PATH);
        let router = std::mem::take(&mut self.router);
        self.router = router
            .route(V::PATH, get(html::<V>))
            .route(&api, get(json::<V>));
        self.described.add::<V>(&api);
    }
}

/// Everything there is.
pub fn router(desk: Arc<Desk>) -> Router {
    let Views { router, described } = Views::all();
    let document = described.document();
    let all = router
        .route("/runs/{run}/log/{*cell}", get(log::page))
        .route("/runs/{run}/raw/{*cell}", get(log::raw))
        .route("/events", get(live::changes))
        .route("/atom.xml", get(feed::feed))
        .route("/badge/{*branch}", get(badge::badge))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(health::healthz))
        .route(
            &format!("{API}/openapi.json"),
            get(move || async move { openapi::give(document) }),
        )
        .route("/style.css", get(assets::style))
        .route("/live.js", get(assets::script))
        .route("/icon.svg", get(assets::icon))
        .route("/login", get(login::form).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/act/{what}", get(act::form).post(act::act))
        .route(&format!("{API}/act/{{what}}"), post(act::api))
        .route("/hook", post(hook::hint).layer(DefaultBodyLimit::max(HINT)))
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&desk),
            guard::known,
        ))
        .layer(cross_site(&desk))
        .layer(DefaultBodyLimit::max(FORM))
        .layer(middleware::from_fn(guarded))
        .layer(tower_http::compression::CompressionLayer::new())
        .with_state(Arc::clone(&desk));
    // Before an address is looked up.
    Router::new()
        .fallback_service(all)
        .layer(middleware::from_fn_with_state(desk, without_prefix))
}

/// A proxy may leave the path before ours, or take it off.
async fn without_prefix(
    State(desk): State<Arc<Desk>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let whole = request.uri().path_and_query();
    let whole = whole.map_or("/", axum::http::uri::PathAndQuery::as_str);
    if let Ok(own) = address::own(&desk, whole).parse() {
        *request.uri_mut() = own;
    }
    next.run(request).await
}

/// Refuses what another site has a browser send. A page that has an address of its own is
/// asked for by that, whatever a proxy makes of it.
fn cross_site(desk: &Desk) -> CsrfLayer {
    let layer = CsrfLayer::new();
    let Some(url) = &desk.page.url else {
        return layer;
    };
    let origin = &url[..url.len() - desk.page.prefix().len()];
    // The file's addresses were read by the rules of the web.
    layer.clone().add_trusted_origin(origin).unwrap_or(layer)
}

async fn html<V: View>(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(path): Path<BTreeMap<String, String>>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request,
) -> Response<Body> {
    let address = request.uri().clone();
    let asked = request.headers().clone();
    let own = address::within(&address.to_string());
    let (api, here, asks) = (address::api_of(&own, V::PATH), own.clone(), visitor.clone());
    let made = made(Arc::clone(&desk), path, query, move |ask| {
        let view = V::read(&ask)?;
        let main = view.render().map_err(|_| WebError::Bug)?;
        Ok(page(
            &ask.desk,
            &asks,
            &own,
            Some(&api),
            &view.title(),
            &main,
        ))
    });
    match made.await {
        Ok(body) => fresh("text/html; charset=utf-8", body, &asked),
        Err(error) => problem_page(&desk, &visitor, &here, &error),
    }
}

async fn json<V: View>(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<BTreeMap<String, String>>,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request,
) -> Response<Body> {
    let asked = request.headers().clone();
    let made = made(desk, path, query, |ask| {
        serde_json::to_string(&V::read(&ask)?).map_err(|_| WebError::Bug)
    });
    match made.await {
        Ok(body) => fresh("application/json", body, &asked),
        Err(error) => problem_json(&error),
    }
}

async fn nothing(
    State(desk): State<Arc<Desk>>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let error = WebError::Missing(format!("there is nothing at {path}"));
    if path.contains(API) {
        return problem_json(&error);
    }
    problem_page(&desk, &visitor, &address::within(&path), &error)
}

/// What every answer says to browsers.
async fn guarded(request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
