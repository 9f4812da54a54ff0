use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Moment;
use crate::spec::Links;
use crate::store::farm::Change;

/// A commit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Commit {
    /// Its id.
    pub revision: String,
    /// Who wrote it.
    pub author: String,
    /// What they said of it, in a line.
    pub subject: String,
    /// When it was committed.
    pub committed: Moment,
    /// When it was seen.
    pub seen: Moment,
    /// Where it can be seen.
    pub link: Option<String>,
    /// Tickets that it names.
    pub tickets: Vec<Ticket>,
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ticket {
    /// Its number.
    pub number: String,
    /// Where it can be seen.
    pub link: Option<String>,
}

impl Commit {
    /// What is known of a change.
    pub fn of(change: &Change, links: &Links) -> Self {
        let link = links.revision.as_ref();
        Self {
            revision: change.revision.clone(),
            author: change.author.clone(),
            subject: change.subject.clone(),
            committed: change.committed,
            seen: change.seen,
            link: link.map(|link| link.replace("{revision}", &change.revision)),
            tickets: tickets(&change.subject, links),
        }
    }
}

/// What a subject calls `#12345`.
fn tickets(subject: &str, links: &Links) -> Vec<Ticket> {
    let mut found: Vec<Ticket> = Vec::new();
    for rest in subject.split('#').skip(1) {
        let digits = rest.find(|c: char| !c.is_ascii_digit());
        let number = &rest[..digits.unwrap_or(rest.len())];
        let is_new = found.iter().all(|ticket| ticket.number != number);
        if !number.is_empty() && is_new {
            let link = links.ticket.as_ref();
            found.push(Ticket {
                number: number.to_owned(),
                link: link.map(|link| link.replace("{ticket}", number)),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_what_a_subject_calls_by_number() {
        let links = Links {
            revision: None,
            ticket: Some("https://example.org/{ticket}".to_owned()),
        };
        let named = tickets(
            "Fixed #36001, refs #36002 -- C# and #36001 again, # alone",
            &links,
        );
        let numbers: Vec<&str> = named.iter().map(|one| one.number.as_str()).collect();
        assert_eq!(numbers, ["36001", "36002"]);
        assert_eq!(named[0].link.as_deref(), Some("https://example.org/36001"));
    }
}
