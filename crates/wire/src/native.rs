//! JSON as parsed by serde.

use super::Source;

impl Source for serde_json::Value {
    fn get(&self, key: &str) -> serde_json::Value {
        serde_json::Value::get(self, key).cloned().unwrap_or_default()
    }

    fn entries(&self) -> Vec<(String, serde_json::Value)> {
        self.as_object().map(|object| object.clone().into_iter().collect()).unwrap_or_default()
    }

    fn items(&self) -> Vec<serde_json::Value> {
        self.as_array().cloned().unwrap_or_default()
    }

    fn as_text(&self) -> Option<String> {
        self.as_str().map(str::to_string)
    }

    fn as_number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn as_bool(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_list(&self) -> bool {
        self.is_array()
    }

    fn to_json(&self) -> String {
        self.to_string()
    }

    fn parse(json: &str) -> Option<serde_json::Value> {
        serde_json::from_str(json).ok()
    }
}
