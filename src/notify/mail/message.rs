use lettre::Message;
use lettre::message::SinglePart;
use lettre::message::header::{HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use super::super::{Letter, NotifyError};
use crate::model::hex;
use crate::spec::Mail;

/// A mail, as it is sent.
pub fn compose(mail: &Mail, letter: &Letter) -> Result<Vec<u8>, NotifyError> {
    let domain = mail.from.email.domain();
    let threads: Vec<String> = letter
        .threads
        .iter()
        .map(|thread| format!("<djbuild-{}@{domain}>", digested(thread)))
        .collect();
    let receiver = &letter.receiver;
    let mut builder = Message::builder()
        .message_id(Some(message_id(letter, domain)))
        .date_now()
        .from(mail.from.clone())
        .subject(letter.headline.clone())
        // https://www.rfc-editor.org/rfc/rfc3834: nobody's absence is told to a machine.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .raw_header(header("List-Id", &format!("<{receiver}.djbuild.{domain}>")));
    for to in &mail.to {
        builder = builder.to(to.clone().into());
    }
    // Nobody has sent what these name, but all of one trouble name the same.
    if let Some(last) = threads.last() {
        builder = builder
            .in_reply_to(last.clone())
            .references(threads.join(" "));
    }
    let text = letter.worded.as_ref().unwrap_or(&letter.text);
    let message = builder.singlepart(SinglePart::plain(text.clone()));
    let message = message.map_err(|error| NotifyError::Never(error.to_string()))?;
    Ok(message.formatted())
}

/// The same for the same notice, and no other's: two watchers count requests alike.
fn message_id(letter: &Letter, domain: &str) -> String {
    let known = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let id: String = letter.id.chars().map(known).take(60).collect();
    format!("<{id}.{}@{domain}>", digested(&letter.json))
}

fn digested(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..10])
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
