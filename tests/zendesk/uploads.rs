//! Files: uploaded under a token that a comment uses, and served at an address of their own.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::auth::{self, Caller, need};
use super::errors::{Refusal, invalid};
use super::http::{Call, Reply};
use super::{State, clock};

/// Uploaded files under one token.
pub struct Upload {
    pub attachments: Vec<u64>,
    /// When the token expires, by the stand-in's clock.
    pub until: i64,
}

/// A file.
#[derive(Clone)]
pub struct Attachment {
    pub id: u64,
    pub name: String,
    pub kind: String,
    pub bytes: Bytes,
    /// The secret in its address.
    pub secret: String,
    /// Whether it is an inline picture of a comment.
    pub inline: bool,
}

/// Content types that any file may have.
const ANYTHING: [&str; 2] = ["application/binary", "application/octet-stream"];
const TYPES: [(&str, &[&str]); 17] = [
    ("png", &["image/png"]),
    ("jpg", &["image/jpeg"]),
    ("jpeg", &["image/jpeg"]),
    ("gif", &["image/gif"]),
    ("webp", &["image/webp"]),
    ("svg", &["image/svg+xml"]),
    ("heic", &["image/heic"]),
    ("pdf", &["application/pdf"]),
    ("txt", &["text/plain"]),
    ("log", &["text/plain", "text/x-log"]),
    ("csv", &["text/csv", "text/plain"]),
    ("html", &["text/html"]),
    ("json", &["application/json", "text/plain"]),
    ("har", &["application/json", "text/plain"]),
    ("zip", &["application/zip", "application/x-zip-compressed"]),
    ("mp4", &["video/mp4"]),
    ("webm", &["video/webm"]),
];

/// `POST /uploads?filename=&token=`.
pub fn create(state: &mut State, call: &Call, caller: &Caller) -> Result<Reply, Refusal> {
    may_write(state, caller)?;
    let name = call.param("filename").ok_or_else(|| invalid("filename", "cannot be blank", "BlankValue"))?;
    let kind = call.header("content-type").unwrap_or_default();
    if kind.is_empty() {
        return Err(invalid("content_type", "Content type cannot be blank", "BlankValue"));
    }
    if call.body.len() > state.quirks.upload_limit {
        return Err(Refusal::TooLarge);
    }
    if !name.contains('.') {
        return Err(invalid("base", "The name of the file has no extension", "InvalidValue"));
    }
    if !fits(name, kind) {
        return Err(invalid("base", "The file type and file extension do not match", "InvalidValue"));
    }
    let token = match call.param("token") {
        Some(token) => {
            valid(state, token)?;
            token.to_string()
        }
        None => {
            let token = uuid::Uuid::new_v4().simple().to_string();
            let until = state.now() + state.quirks.token_minutes * 60_000;
            state.uploads.insert(token.clone(), Upload { attachments: Vec::new(), until });
            token
        }
    };
    let id = keep(state, name, kind, call.body.clone());
    let Some(upload) = state.uploads.get_mut(&token) else { return Err(Refusal::NotFound) };
    upload.attachments.push(id);
    let all: Vec<Value> = state.uploads[&token].attachments.iter().map(|id| shown(state, *id)).collect();
    let until = clock::written(state.uploads[&token].until);
    let upload = json!({ "token": token, "expires_at": until, "attachment": shown(state, id), "attachments": all });
    Ok(Reply::json(201, &json!({ "upload": upload })))
}

/// `DELETE /uploads/{token}`.
pub fn remove(state: &mut State, caller: &Caller, token: &str) -> Result<Reply, Refusal> {
    may_write(state, caller)?;
    let upload = state.uploads.remove(token).ok_or(Refusal::NotFound)?;
    for id in upload.attachments {
        if let Some(removed) = state.attachments.remove(&id) {
            state.by_secret.remove(&removed.secret);
        }
    }
    Ok(Reply::empty(204))
}

/// `GET /attachments/token/{secret}/?name=`: the bytes.
pub fn read(state: &State, call: &Call, secret: &str, redirected: bool) -> Result<Reply, Refusal> {
    // If files are private, an anonymous caller is redirected to a login.
    let is_known = auth::caller(state, call).is_ok_and(|caller| !matches!(caller, Caller::Anonymous));
    let is_private = state.quirks.private_attachments && !is_known;
    if state.quirks.closed_attachments || is_private && !redirected {
        return Ok(Reply::empty(302).with("location", &format!("{}/access/unauthenticated", state.url)));
    }
    let id = state.by_secret.get(secret).ok_or(Refusal::NotFound)?;
    let file = state.attachments.get(id).ok_or(Refusal::NotFound)?;
    if state.quirks.attachments_redirect && !redirected {
        let content_url = format!("{}/attachments/content/{secret}", state.url);
        return Ok(Reply::empty(302).with("location", &content_url));
    }
    let name: String = file.name.chars().filter(|letter| letter.is_ascii_graphic() && *letter != '"').collect();
    let mut reply = Reply::empty(200)
        .with("content-type", &file.kind)
        .with("content-disposition", &format!("attachment; filename=\"{name}\""));
    reply.body = file.bytes.clone();
    Ok(reply)
}

/// Stores a file; returns its id.
pub fn keep(state: &mut State, name: &str, kind: &str, bytes: Bytes) -> u64 {
    let id = state.next_id();
    let secret = uuid::Uuid::new_v4().simple().to_string();
    state.by_secret.insert(secret.clone(), id);
    state.attachments.insert(id, Attachment { id, name: name.into(), kind: kind.into(), bytes, secret, inline: false });
    id
}

/// Whether a token is valid.
pub fn valid(state: &State, token: &str) -> Result<(), Refusal> {
    let lives = state.uploads.get(token).is_some_and(|upload| upload.until > state.now());
    if lives { Ok(()) } else { Err(invalid("uploads", "Uploads: the token is unknown or has expired", "InvalidValue")) }
}

/// The files under these tokens, which are used up.
pub fn take(state: &mut State, tokens: &[String]) -> Vec<u64> {
    tokens.iter().filter_map(|token| state.uploads.remove(token)).flat_map(|upload| upload.attachments).collect()
}

/// A file in the API's format.
pub fn shown(state: &State, id: u64) -> Value {
    let Some(file) = state.attachments.get(&id) else { return Value::Null };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("name", &file.name).finish();
    let address = format!("{}/attachments/token/{}/?{query}", state.url, file.secret);
    json!({
        "id": id,
        "url": format!("{}/api/v2/attachments/{id}.json", state.url),
        "file_name": file.name,
        "content_url": address,
        "mapped_content_url": address,
        "content_type": file.kind,
        "size": file.bytes.len(),
        "inline": file.inline,
        "deleted": false,
        "malware_access_override": false,
        "malware_scan_result": "not_scanned",
        "thumbnails": [],
    })
}

fn may_write(state: &State, caller: &Caller) -> Result<(), Refusal> {
    match caller {
        Caller::Anonymous if state.quirks.require_auth => Err(Refusal::Forbidden("Uploads need authentication".into())),
        Caller::Anonymous => Ok(()),
        _ if state.quirks.uploads_need_write => need(state, caller, &["write"]).map(drop),
        _ => need(state, caller, &["tickets:write", "write"]).map(drop),
    }
}

fn fits(name: &str, kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| *known == extension);
    ANYTHING.contains(&kind.as_str()) || known.is_none_or(|(_, kinds)| kinds.contains(&kind.as_str()))
}
