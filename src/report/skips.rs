use std::collections::BTreeMap;

use super::Style;
use super::failures::clip;
use crate::event::Summary;

/// Why tests were skipped and how many for each reason, over all cells, the most
/// frequent first: what a richer environment would let run.
pub fn skips(summary: &Summary, style: Style) -> String {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for cell in &summary.cells {
        for (reason, count) in &cell.skips {
            *reasons.entry(reason).or_default() += count;
        }
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if reasons.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", style.heading("Skipped"));
    for (reason, count) in reasons {
        text.push_str(&format!("{count:>7}  {}\n", clip(reason)));
    }
    text.push('\n');
    text
}
