//! Addresses of the page: with what a proxy puts before them, and those of the API.

use super::Desk;

/// Where the API begins.
pub const API: &str = "/api/v1";

/// Where the API has what a page shows.
pub fn api_path(path: &str) -> String {
    match path {
        "/" => format!("{API}/status"),
        path => format!("{API}{path}"),
    }
}

/// Where the API has what is shown at an address within the page.
pub fn api_of(own: &str, path: &str) -> String {
    let query = own.find('?').map_or("", |at| &own[at..]);
    let address = own.split('?').next().unwrap_or_default();
    let api = if path == "/" { "status" } else { address };
    format!("{}/{api}{query}", API.trim_start_matches('/'))
}

/// The path of an address without what a proxy puts before it.
pub fn own<'a>(desk: &Desk, path: &'a str) -> &'a str {
    match path.strip_prefix(desk.page.prefix()) {
        Some("") => "/",
        Some(own) if own.starts_with('/') => own,
        _ => path,
    }
}

/// An address without its first slash: as it stands behind the page's base.
pub fn within(address: &str) -> String {
    address.trim_start_matches('/').to_owned()
}
