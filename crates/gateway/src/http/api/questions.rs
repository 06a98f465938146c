//! `GET /v1/sites/{site}/questions/{id}`: one question with its answers.

use std::sync::Arc;

use aide::transform::TransformOperation;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;

use crate::http::problem::Refusal;
use crate::http::requester::Requesters;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::Questions;
use domain::question::{self, Question};

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation.summary("Returns a question with its answers in Markdown.").response::<200, Json<Question>>()
}

/// Handles the request.
pub async fn answer(
    State(requesters): State<Arc<Requesters>>,
    State(questions): State<Arc<dyn Questions>>,
    Path((site, id)): Path<(SiteKey, String)>,
) -> Result<impl IntoResponse, Refusal> {
    requesters.site(&site)?;
    let stored = questions.question(&site, &id).await?;
    let mut question = stored.ok_or_else(|| Refusal::NotFound("; the question may have been removed".into()))?;
    question.answers = question::reading_order(question.answers);
    Ok(([(header::CACHE_CONTROL, "public, max-age=60")], Json(question)))
}
