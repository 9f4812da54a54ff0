//! Mail, by SMTP.

mod message;
#[cfg(test)]
mod tests;

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::{Letter, NotifyError, PATIENCE};
use crate::spec::{Encryption, Mail};

const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Sends a mail.
pub fn post(mail: &Mail, password: Option<&str>, letter: &Letter) -> Result<(), NotifyError> {
    post_within(PATIENCE, mail, password, letter)
}

fn post_within(
    patience: Duration,
    mail: &Mail,
    password: Option<&str>,
    letter: &Letter,
) -> Result<(), NotifyError> {
    let bytes = message::compose(mail, letter)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| NotifyError::Later(error.to_string()))?;
    let sent = runtime.block_on(async {
        // lettre's own limits are for connecting alone; what hangs later is dropped with this.
        let delivering = deliver(mail, password, &bytes);
        tokio::time::timeout(patience, delivering).await
    });
    // The name of a host may still be looked up, which nothing ends.
    runtime.shutdown_background();
    sent.unwrap_or_else(|_| {
        let (host, seconds) = (&mail.server.host, patience.as_secs());
        Err(NotifyError::Later(format!(
            "{host}: no end within {seconds} s"
        )))
    })
}

async fn deliver(mail: &Mail, password: Option<&str>, bytes: &[u8]) -> Result<(), NotifyError> {
    let failed = |doing: &'static str| move |error: Error| told(mail, doing, &error);
    let mut server = connect(mail).await?;
    if let (Some(login), Some(password)) = (&mail.login, password) {
        let credentials = Credentials::new(login.user.clone(), password.to_owned());
        let known = server.auth(&MECHANISMS, &credentials).await;
        known.map_err(|error| match told(mail, "logging in", &error) {
            NotifyError::Never(why) => NotifyError::Unwelcome(why),
            other => other,
        })?;
    }
    let sender = Some(mail.from.email.clone());
    let from = From::new(sender, Vec::new());
    server.command(from).await.map_err(failed("MAIL FROM"))?;
    let refused = name_recipients(mail, &mut server).await?;
    server.command(Data).await.map_err(failed("DATA"))?;
    server.message(bytes).await.map_err(failed("the mail"))?;
    // It was taken, whatever comes now.
    let _ = server.quit().await;
    match refused.as_slice() {
        [] => Ok(()),
        some => Err(NotifyError::Never(format!(
            "{}; the others have it",
            some.join("; ")
        ))),
    }
}

async fn connect(mail: &Mail) -> Result<AsyncSmtpConnection, NotifyError> {
    let failed = |doing: &'static str| move |error: Error| told(mail, doing, &error);
    let place = (mail.server.host.as_str(), mail.server.port);
    let hello = ClientId::default();
    let tls =
        || TlsParameters::new_rustls(mail.server.host.clone()).map_err(failed("preparing TLS"));
    let at_once = match mail.encryption {
        Encryption::AtOnce => Some(tls()?),
        Encryption::Starttls | Encryption::None => None,
    };
    // The next address of a host is to have its turn.
    let limit = Some(PATIENCE / 3);
    let connecting = AsyncSmtpConnection::connect_tokio1(place, limit, &hello, at_once, None);
    let mut server = connecting.await.map_err(failed("connecting"))?;
    if mail.encryption == Encryption::Starttls {
        if !server.can_starttls() {
            return Err(NotifyError::Later(format!(
                "{}: offers no STARTTLS; smtps:// may do, or encryption = \"none\"",
                mail.server.host
            )));
        }
        let starting = server.starttls(tls()?, &hello).await;
        starting.map_err(failed("STARTTLS"))?;
    }
    Ok(server)
}

/// Names those who are to get it, and says who never will. Where one may later, nobody
/// gets it now: the others would get it twice.
async fn name_recipients(
    mail: &Mail,
    server: &mut AsyncSmtpConnection,
) -> Result<Vec<String>, NotifyError> {
    let mut refused = Vec::new();
    for address in &mail.to {
        let named = server.command(Rcpt::new(address.clone(), Vec::new())).await;
        match named {
            Ok(_) => {}
            Err(error) if error.is_permanent() => {
                refused.push(format!("{}: {}", shown(address), words(&error)));
            }
            Err(error) => {
                server.abort().await;
                return Err(told(mail, "RCPT TO", &error));
            }
        }
    }
    if refused.len() == mail.to.len() {
        server.abort().await;
        return Err(NotifyError::Never(refused.join("; ")));
    }
    Ok(refused)
}

fn shown(address: &Address) -> &str {
    address.as_ref()
}

fn told(mail: &Mail, doing: &str, error: &Error) -> NotifyError {
    let what = format!("{}: {doing}: {}", mail.server.host, words(error));
    if error.is_permanent() {
        NotifyError::Never(what)
    } else {
        NotifyError::Later(what)
    }
}

/// What went wrong, in a line.
fn words(error: &Error) -> String {
    let said = error.to_string();
    let said = crate::model::printable(&said).replace('\n', " ");
    said.chars().take(300).collect()
}
