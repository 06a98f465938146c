//! `PUT` and `GET /v1/sites/{site}/attachments/{id}`: uploads a file, and reads it at its signed address.

use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use super::describe::{Describe, File};
use super::stored_file::serve;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use crate::http::upload::UploadBody;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::Files;
use deskbell_core::use_cases::attachments::{Admitted, NewFile, ReadFiles, StoreFile};
use domain::attachment::{self, Attachment, FileType};

/// Nothing in a file is ever executed, whatever displays it as a page.
const POLICY: &str = "sandbox; default-src 'none'";

/// The parameters of `PUT`.
#[derive(Deserialize, JsonSchema)]
pub struct FileName {
    /// The file name.
    #[serde(default)]
    name: String,
}

/// The parameters of `GET`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SignedQuery {
    /// When the address expires.
    until: String,
    /// The signature of the address.
    signature: String,
}

/// Describes the upload of a file.
pub fn put_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Uploads a file; its type is detected from its content. The client chooses the id, a UUID; repeating the \
             upload returns the same result. Rejected with `too_many_uploads` (429) while others are in progress, \
             `upload_quota` (429) if the daily quota or the quota of unsent files is exceeded, and `storage_full` \
             (507) if the disk has no room for files. `storage_unavailable` (503) if the storage of files does not \
             answer; the same upload may be repeated.",
        )
        .requires_requester()
        .query::<FileName>()
        .bytes_body()
        .refused(&[415])
        .response::<201, Json<Attachment>>()
}

/// Uploads a file.
pub async fn store(
    State(requesters): State<Arc<Requesters>>,
    State(files): State<Arc<StoreFile>>,
    Path((site, id)): Path<(SiteKey, String)>,
    parameters: Result<Query<FileName>, QueryRejection>,
    client: Client,
    request: Request,
) -> Result<impl IntoResponse, Refusal> {
    let (parts, body) = request.into_parts();
    let mut upload = UploadBody::new(body);
    let stored = async {
        let site = requesters.site(&site)?;
        let Query(FileName { name: called }) = parameters.map_err(|error| Refusal::InvalidQuery(error.body_text()))?;
        let id =
            attachment::parse_id(&id).ok_or_else(|| Refusal::NotFound(": the id of a file must be a UUID".into()))?;
        let requester = requesters.identify(&parts.headers, site).await?;
        match files.admit(site, &requester, &id, client.address, announced(&parts.headers)).await? {
            Admitted::Room(room) => {
                let new_file = NewFile { id, name: called };
                Ok(files.put(site, requester, new_file, room, &mut upload).await?)
            }
            Admitted::Sent(reply) => Ok(reply),
        }
    };
    let stored = stored.await;
    // A client that is still sending may not read a response that comes before. Clients that stopped or are too slow are not waited for.
    if !matches!(stored, Err(Refusal::Torn | Refusal::Timeout)) {
        upload.drain(requesters.site(&site).map_or(0, |site| site.config.attachments.max_bytes as usize)).await;
    }
    stored.map(answer)
}

/// The size that the headers announce, in bytes.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn answer(attachment: Attachment) -> impl IntoResponse {
    (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(attachment))
}

/// Describes the download of a file.
pub fn get_docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary("Downloads a file from the signed address in its message.")
        .query::<SignedQuery>()
        .response::<200, File>()
        .response_with::<206, File, _>(|answer| answer.description("The range of the file that Range requests."))
        .response_with::<304, (), _>(|answer| answer.description("The file has not changed since If-Modified-Since."))
        .response_with::<412, (), _>(|answer| answer.description("The file has changed since If-Unmodified-Since."))
        .response_with::<416, (), _>(|answer| answer.description("The file has no such range."))
        .refused(&[403])
}

/// Downloads a file, which browsers never display as a page.
pub async fn get(
    State(requesters): State<Arc<Requesters>>,
    State(files): State<Arc<ReadFiles>>,
    State(bytes): State<Arc<dyn Files>>,
    Path((site, id)): Path<(SiteKey, String)>,
    parameters: Result<Query<SignedQuery>, QueryRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    requesters.site(&site)?;
    let Query(SignedQuery { until: expires_at, signature }) = parameters.unwrap_or_default();
    let stored = files.find(&site, &id, &expires_at, &signature).await?;
    let mut response = serve(bytes, &stored, request).await.map_err(|error| {
        tracing::error!(%error, file = stored.file, "reading a file failed");
        Refusal::from(error)
    })?;
    let headers = response.headers_mut();
    let disposition = HeaderValue::from_str(&disposition(&stored.name));
    headers.insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(stored.media)));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    Ok(response)
}

fn content_type(media: FileType) -> &'static str {
    if media == FileType::Text { "text/plain; charset=utf-8" } else { media.word() }
}

/// The header that makes a browser save a file under a name (RFC 6266): the name itself, and an ASCII form for clients that support no other.
fn disposition(name: &str) -> String {
    let ascii_char = |c: char| if c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_') { c } else { '_' };
    let ascii: String = name.chars().map(ascii_char).collect();
    let encoded: String = name.bytes().map(escaped).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

fn escaped(byte: u8) -> String {
    let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_sent_in_ascii_and_utf8() {
        for (name, expected) in [
            ("a b.png", "attachment; filename=\"a b.png\"; filename*=UTF-8''a%20b.png"),
            ("größe.txt", "attachment; filename=\"gr__e.txt\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt"),
            ("a\";x=\\.txt", "attachment; filename=\"a__x__.txt\"; filename*=UTF-8''a%22%3Bx%3D%5C.txt"),
        ] {
            assert_eq!(disposition(name), expected);
        }
    }
}
