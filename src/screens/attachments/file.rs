//! An attachment as the customer sees it, and what a site accepts.

use wasm_bindgen::JsValue;

use crate::browser::intl;
use crate::texts;
use wire::Source;

/// Any other file that support asks for, only ever downloaded.
const DOWNLOAD: &str = "application/octet-stream";
const ZIP: &str = "application/zip";
/// File types that systems do not recognise as text or JSON.
const TEXTS: &str = "text/*,.txt,.log,.csv,.md,.yaml,.yml,.har,.json,.jsonl,.eml";
/// Archives, under the names that systems have for them.
const ARCHIVES: &str = ".zip,.docx,.xlsx,.pptx,application/x-zip-compressed";

/// What a site accepts.
#[derive(Clone, Default)]
pub struct Limits {
    /// The largest file, in bytes.
    pub max_bytes: u32,
    /// The most files of a message.
    pub max_count: u32,
    /// The accepted types.
    pub types: Vec<String>,
    /// Whether files are uploaded to a gateway before the message is sent. Without one nothing strips their metadata.
    pub uploads: bool,
}

/// An attachment.
pub struct File {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u32,
    media_type: String,
    /// Why the gateway refuses it: the code of its problem document; empty if it does not.
    refused: String,
    /// Whether the gateway has it.
    is_uploaded: bool,
    /// Whether it is being uploaded.
    pub is_uploading: bool,
    /// How much of it is uploaded in percent, if that is known.
    pub progress: Option<u32>,
    /// Whether it may contain metadata according to the gateway.
    has_metadata: bool,
}

impl Limits {
    /// Reads what the loader passes.
    pub fn read(limits: &JsValue) -> Limits {
        Limits {
            max_bytes: limits.get("max_bytes").number() as u32,
            max_count: limits.get("max_count").number() as u32,
            types: limits.get("types").items().iter().map(Source::text).collect(),
            uploads: limits.get("uploads").is_true(),
        }
    }

    /// Whether no file can be added.
    pub fn accept_nothing(&self) -> bool {
        self.max_count == 0 || self.types.is_empty()
    }

    fn accepts(&self, media_type: &str) -> bool {
        self.types.iter().any(|accepted| accepted == media_type)
    }

    /// The types that the browser's dialog offers. Systems know files by their names and grey out unknown ones, so nothing is excluded if nearly
    /// everything is accepted.
    pub fn offered(&self) -> String {
        if self.accepts(DOWNLOAD) {
            return String::new();
        }
        let mut offered = self.types.clone();
        if self.types.iter().any(|accepted| accepted.starts_with("text/plain") || accepted.ends_with("/json")) {
            offered.push(TEXTS.into());
        }
        if self.accepts(ZIP) {
            offered.push(ARCHIVES.into());
        }
        offered.join(",")
    }

    /// That a file is too large.
    pub fn too_large(&self, lang: &str) -> String {
        texts::named_with("file_large", "{size}", &intl::bytes(self.max_bytes, lang))
    }
}

impl File {
    /// Reads what the loader passes.
    pub fn read(file: &JsValue) -> File {
        File {
            id: file.text_of("id"),
            name: file.text_of("name"),
            size: file.get("size").number() as u32,
            media_type: file.text_of("type"),
            refused: file.text_of("refused"),
            is_uploaded: file.get("there").is_true(),
            is_uploading: file.get("going").is_true(),
            progress: file.get("part").as_number().map(|part| (part * 100.0) as u32),
            has_metadata: file.get("metadata").is_true(),
        }
    }

    /// Whether it is refused.
    pub fn is_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// Whether it is refused for now only: there is no room.
    fn is_refused_for_now(&self) -> bool {
        matches!(self.refused.as_str(), "upload_quota" | "storage_full" | "storage_unavailable")
    }

    /// Whether it is a picture.
    pub fn is_picture(&self) -> bool {
        self.media_type.starts_with("image/")
    }

    /// Whether it can be edited here. A refused one is not sent, whatever is edited.
    pub fn is_editable(&self) -> bool {
        let is_known = matches!(self.media_type.as_str(), "image/png" | "image/jpeg" | "image/webp");
        is_known && !self.is_uploading && (!self.is_refused() || self.is_refused_for_now())
    }

    /// Whether it makes sense to upload it again.
    pub fn can_be_retried(&self, limits: &Limits) -> bool {
        let is_waiting = !self.is_refused() || self.is_refused_for_now();
        limits.uploads && !self.is_uploaded && !self.is_uploading && is_waiting
    }

    /// The end of its name, such as `PDF`.
    pub fn extension(&self) -> String {
        self.name.rsplit('.').next().unwrap_or_default().chars().take(4).collect::<String>().to_ascii_uppercase()
    }

    /// Its state in words; empty if there is nothing to say.
    pub fn status(&self, limits: &Limits, lang: &str) -> String {
        if self.is_refused() {
            return self.reason(limits, lang);
        }
        let waits = !self.is_uploaded && !self.is_uploading;
        let tells = self.has_metadata || !limits.uploads && self.may_tell_more();
        let texts = [(waits, "file_waits"), (tells, "file_metadata")]
            .map(|(is_so, name)| if is_so { texts::named(name) } else { String::new() });
        texts.join(" ").trim_ascii().to_string()
    }

    /// What is announced once it was added.
    pub fn announcement(&self, limits: &Limits, lang: &str) -> String {
        let state = match self.refused.as_str() {
            "stopped" => return self.reason(limits, lang),
            "" if self.is_uploaded || !limits.uploads => {
                return texts::named_with("file_added", "{name}", &self.name);
            }
            "" => texts::named("file_waits"),
            _ => self.reason(limits, lang),
        };
        [&self.name, ": ", &state].concat()
    }

    /// Why it is refused.
    fn reason(&self, limits: &Limits, lang: &str) -> String {
        match self.refused.as_str() {
            "too_large" => limits.too_large(lang),
            "stopped" => texts::named_with("file_stopped", "{name}", &self.name),
            _ if self.is_refused_for_now() => texts::named("file_full"),
            _ if limits.accepts(ZIP) => texts::named("file_zip"),
            _ => {
                let known = limits.types.iter().filter(|accepted| *accepted != DOWNLOAD);
                let names = known.filter_map(|accepted| accepted.split('/').nth(1));
                let names: Vec<&str> = names.map(|name| if name == "plain" { "txt" } else { name }).collect();
                texts::named_with("file_type", "{types}", &names.join(", "))
            }
        }
    }

    /// Whether files of its type contain metadata, such as where a picture was taken.
    fn may_tell_more(&self) -> bool {
        let (kind, name) = self.media_type.split_once('/').unwrap_or_default();
        matches!(kind, "image" | "video") || matches!(name, "pdf" | "zip") || name.starts_with("vnd.")
    }
}
