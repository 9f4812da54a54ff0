//! Who may log in, and which scripts are let in.

mod password;
mod token;
mod user;

pub use token::token;
pub use user::user;
