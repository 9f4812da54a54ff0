use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// A word, or the name of a secret
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
pub enum MaybeSecret {
    /// It stands in the file
    Plain(String),
    /// It is kept elsewhere
    Named(SecretTable),
}

/// What is kept elsewhere than in the file
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(deny_unknown_fields)]
pub struct SecretTable {
    /// The name under which it is kept
    #[schemars(with = "String")]
    pub secret: Spanned<String>,
}

impl<'de> Deserialize<'de> for MaybeSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An untagged enum would lose the place of the name.
        struct SecretVisitor;
        impl<'de> Visitor<'de> for SecretVisitor {
            type Value = MaybeSecret;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word in quotes or { secret = \"NAME\" }")
            }

            fn visit_str<E>(self, word: &str) -> Result<MaybeSecret, E> {
                Ok(MaybeSecret::Plain(word.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<MaybeSecret, A::Error> {
                let table = SecretTable::deserialize(MapAccessDeserializer::new(table))?;
                Ok(MaybeSecret::Named(table))
            }
        }
        deserializer.deserialize_any(SecretVisitor)
    }
}
