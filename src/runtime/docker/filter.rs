use std::collections::HashMap;

/// The filter of a list for things with these labels: `key`, or `key=value`.
pub fn labelled<L: Into<String>>(
    labels: impl IntoIterator<Item = L>,
) -> HashMap<&'static str, Vec<String>> {
    let labels = labels.into_iter().map(Into::into).collect();
    HashMap::from([("label", labels)])
}
