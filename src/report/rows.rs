use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

/// Rows below their titles, as wide as the terminal at most.
pub fn rows<const N: usize>(titles: &[&str; N], rows: &[[String; N]], width: u16) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(titles);
    for row in rows {
        table.add_row(row);
    }
    format!("{table}\n")
}
