use axum::response::{IntoResponse, Response};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::answer::View;

/// What the API has, as OpenAPI describes it.
pub struct Described {
    schemas: SchemaGenerator,
    paths: Map<String, Value>,
}

impl Default for Described {
    fn default() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        "/components/schemas".clone_into(settings.definitions_path.to_mut());
        Self {
            schemas: settings.into_generator(),
            paths: Map::new(),
        }
    }
}

impl Described {
    /// Adds what a view gives at its address.
    pub fn add<V: View>(&mut self, path: &str) {
        let schema = self.schemas.subschema_for::<V>();
        let plain = path.replace("{*", "{");
        let in_path = plain.split('{').skip(1).filter_map(|part| {
            let name = part.split('}').next()?;
            Some(json!({
                "name": name, "in": "path", "required": true, "schema": { "type": "string" },
            }))
        });
        let in_query = V::QUERY.iter().map(|(name, about)| {
            json!({
                "name": name, "in": "query", "description": about,
                "schema": { "type": "string" },
            })
        });
        let parameters: Vec<Value> = in_path.chain(in_query).collect();
        let problem = json!({
            "description": "It cannot be given",
            "content": { "application/json": { "schema": {
                "type": "object", "required": ["error"],
                "properties": { "error": { "type": "string" } },
            } } },
        });
        let operation = json!({
            "summary": V::ABOUT,
            "parameters": parameters,
            "responses": {
                "200": {
                    "description": V::ABOUT,
                    "content": { "application/json": { "schema": schema } },
                },
                "default": problem,
            },
        });
        self.paths.insert(plain, json!({ "get": operation }));
    }

    /// The whole description.
    pub fn document(mut self) -> &'static str {
        let document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "djbuild",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "How a build farm for Django stands. Times are in milliseconds \
                    since 1970-01-01 UTC.",
            },
            "paths": self.paths,
            "components": { "schemas": self.schemas.take_definitions(true) },
        });
        // Once for as long as the process lives.
        Box::leak(document.to_string().into_boxed_str())
    }
}

/// Gives the description.
pub fn give(document: &'static str) -> Response {
    ([("content-type", "application/json")], document).into_response()
}
