use crate::event::Summary;

/// The summary as one JSON document, with a line feed at its end.
pub fn json(summary: &Summary) -> Vec<u8> {
    // A summary is plain data with string keys: nothing in it can fail.
    let mut bytes = serde_json::to_vec_pretty(summary).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
