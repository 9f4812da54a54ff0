use std::path::Path;

use super::screen::{self, width};
use crate::event::Summary;
use crate::report::{self, Style};
use crate::store::Recorder;

/// What went wrong in a run: what kept cells from a verdict, then what failed.
pub fn wrong(summary: &Summary, folder: &Path, style: Style) -> String {
    let log_of = |image: &str| {
        let log = Recorder::image_log(folder, image);
        let name = log.display().to_string();
        log.is_file().then(|| screen::link(&log, &name))
    };
    let mut text = report::problems(summary, style, &log_of);
    text.push_str(&report::failures(summary, style));
    text
}

/// What a run came to: the table, what it would not show, and where all is kept.
pub fn whole(summary: &Summary, folder: &Path, style: Style) -> String {
    let mut text = report::table(summary, width(), style);
    text.push_str(&report::remarks(summary));
    let place = screen::link(folder, &folder.display().to_string());
    text.push_str(&style.faint(&format!("Kept in {place}")));
    text.push('\n');
    text
}
