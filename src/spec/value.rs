//! What values of a matrix file look like, whatever they mean.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, SeqAccess, Visitor};
use toml::Spanned;

/// Struct types whose keys are known by name, to tell a misspelt one.
pub trait Keys {
    /// The keys as typed.
    const KEYS: &'static [&'static str];
}

/// A word or a list of words
#[derive(Debug, PartialEq, JsonSchema)]
#[serde(untagged)]
pub enum Words {
    /// A word
    One(String),
    /// A list of words
    Many(#[schemars(with = "Vec<String>")] Vec<Spanned<String>>),
}

impl Words {
    /// Each word with its place; `whole` is that of the value.
    pub fn each(whole: &Spanned<Self>) -> Vec<Spanned<String>> {
        match whole.as_ref() {
            Self::One(word) => vec![Spanned::new(whole.span(), word.clone())],
            Self::Many(words) => words.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An untagged enum would lose the places of the words.
        struct WordsVisitor;
        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Words;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word or a list of words, each in quotes")
            }

            fn visit_str<E>(self, word: &str) -> Result<Words, E> {
                Ok(Words::One(word.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(Words::Many(words))
            }
        }
        deserializer.deserialize_any(WordsVisitor)
    }
}
