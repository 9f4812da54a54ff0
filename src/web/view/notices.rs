use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Moment;
use crate::store::farm::Posted;
use crate::watch::News;
use crate::web::WebError;
use crate::web::answer::View;
use crate::web::ask::Ask;

/// So many notices are shown.
const SHOWN: u32 = 200;

/// What people were told, and what nobody took.
#[derive(Serialize, JsonSchema, Template)]
#[template(path = "notices.html")]
pub struct Notices {
    /// When this was so.
    pub at: Moment,
    /// The last first.
    pub notices: Vec<NoticeRow>,
}

/// A notice to one receiver.
#[derive(Serialize, JsonSchema)]
pub struct NoticeRow {
    /// Its number.
    pub number: i64,
    /// Its id, which the receiver gets too.
    pub id: String,
    /// Who gets it.
    pub receiver: String,
    /// What it says, in a line.
    pub headline: String,
    /// The run it is about, if it is about one.
    pub run: Option<String>,
    /// When it was written.
    pub made: Moment,
    /// `sent`, `waiting`, or `dead` where nobody will take it.
    pub state: String,
    /// How often it was tried in vain.
    pub tries: u32,
    /// When it is tried next, while it waits.
    pub next: Option<Moment>,
    /// Why it was not taken.
    pub trouble: Option<String>,
}

impl View for Notices {
    const PATH: &'static str = "/notices";
    const ABOUT: &'static str = "What people were told, and what nobody took";

    fn read(ask: &Ask) -> Result<Self, WebError> {
        let rows = ask.look(|book| Ok(book.last_notices(SHOWN)?))?;
        let notices = rows.into_iter().map(|row| {
            let news: News = serde_json::from_str(&row.notice.body).unwrap_or_default();
            NoticeRow {
                number: row.number,
                id: row.notice.id,
                receiver: row.notice.receiver,
                headline: news.headline,
                run: news.run,
                made: row.made,
                state: match row.posted {
                    Posted::Waiting => "waiting",
                    Posted::Dead => "dead",
                    Posted::Sent(_) => "sent",
                }
                .to_owned(),
                tries: row.tries,
                next: (row.posted == Posted::Waiting).then_some(row.next),
                trouble: row.trouble,
            }
        });
        Ok(Self {
            at: ask.now,
            notices: notices.collect(),
        })
    }

    fn title(&self) -> String {
        "Notices".to_owned()
    }
}
