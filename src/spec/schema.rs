use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::typed::MatrixFile;

/// The JSON schema of matrix files, for editors.
pub fn schema() -> Value {
    let settings = SchemaSettings::default().with_transform(RecursiveTransform(without_null));
    let schema = settings
        .into_generator()
        .into_root_schema_for::<MatrixFile>();
    schema.to_value()
}

/// A key may be left out, but TOML has no null.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get("type")
        && let [only, null] = types.as_slice()
        && null == "null"
    {
        let only = only.clone();
        object.insert("type".to_owned(), only);
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::typed::{ExcludeTable, ExpectTable, IncludeTable, VariantTable};
    use crate::spec::value::Keys;
    use crate::spec::watch::{LoginTable, NoticeTable, PageTable, SchedulerTable, WatchTable};

    fn keys(schema: &serde_json::Value) -> Vec<String> {
        let properties = schema["properties"].as_object().expect("an object");
        let mut keys: Vec<_> = properties.keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_keys_that_are_told_apart_are_those_of_the_schema() {
        let schema = schema();
        let table = |name: &str| &schema["$defs"][name];
        for (schema, known) in [
            (&schema, MatrixFile::KEYS),
            (table("ExcludeTable"), ExcludeTable::KEYS),
            (table("IncludeTable"), IncludeTable::KEYS),
            (table("ExpectTable"), ExpectTable::KEYS),
            (table("VariantTable"), VariantTable::KEYS),
            (table("WatchTable"), WatchTable::KEYS),
            (table("SchedulerTable"), SchedulerTable::KEYS),
            (table("NoticeTable"), NoticeTable::KEYS),
            (table("PageTable"), PageTable::KEYS),
            (table("LoginTable"), LoginTable::KEYS),
        ] {
            let mut known = known.to_vec();
            known.sort_unstable();
            assert_eq!(keys(schema), known);
        }
    }

    #[test]
    fn the_schema_that_is_checked_in_is_the_one_of_the_types() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../matrix/schema.json")).expect("JSON");
        assert_eq!(
            file,
            schema(),
            "write it anew: djbuild schema > matrix/schema.json"
        );
    }
}
