//! Static indexes: files of questions that are fetched once and searched here.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::browser::http::{self, Abort};
use crate::browser::timer::spawn;
use domain::engine::EngineType;
use domain::question::{Hit, Question, reading_order};
use domain::response::Response;
use ranking::index_file::IndexFile;
use ranking::{Index, Table};

/// The timeout of a file, which is larger than a response.
const PATIENCE: Duration = Duration::from_secs(20);

/// The state of a file.
enum File {
    /// Being fetched, and these wait for it.
    Loading(Vec<Waker>),
    /// Loaded.
    Ready(Rc<Loaded>),
    /// It could not be fetched or is invalid. The next search tries again.
    Failed,
}

struct Loaded {
    index: Index,
    questions: Vec<Question>,
}

thread_local! {
    /// The files by address.
    static FILES: RefCell<Vec<(String, File)>> = const { RefCell::new(Vec::new()) };
}

/// The best questions of a file; `None` if it cannot be loaded.
pub async fn search(url: &str, query: &str, limit: usize) -> Option<Vec<Hit>> {
    let loaded = load(url).await?;
    let mut hits = loaded.index.search(query, limit);
    for hit in &mut hits {
        hit.source = EngineType::Index.word().into();
    }
    Some(hits)
}

/// A question of a file, with its answers in reading order.
pub async fn question(url: &str, id: &str) -> Option<Question> {
    let loaded = load(url).await?;
    let mut question = loaded.questions.iter().find(|question| question.id == id)?.clone();
    question.answers = reading_order(question.answers);
    Some(question)
}

/// The file, fetched once for everybody who waits for it.
async fn load(url: &str) -> Option<Rc<Loaded>> {
    let known =
        FILES.with_borrow(|files| files.iter().any(|(known, file)| known == url && !matches!(file, File::Failed)));
    if !known {
        put(url, File::Loading(Vec::new()));
        let url = url.to_string();
        spawn(async move {
            let file = fetch(&url).await.map_or(File::Failed, |loaded| File::Ready(Rc::new(loaded)));
            if let Some(File::Loading(waiting)) = put(&url, file) {
                waiting.into_iter().for_each(Waker::wake);
            }
        });
    }
    std::future::poll_fn(|cx| {
        FILES.with_borrow_mut(|files| match files.iter_mut().find(|(known, _)| known == url) {
            Some((_, File::Loading(waiting))) => {
                waiting.push(cx.waker().clone());
                Poll::Pending
            }
            Some((_, File::Ready(loaded))) => Poll::Ready(Some(loaded.clone())),
            Some((_, File::Failed)) | None => Poll::Ready(None),
        })
    })
    .await
}

/// Sets the state of a file, and returns the previous one.
fn put(url: &str, file: File) -> Option<File> {
    FILES.with_borrow_mut(|files| match files.iter_mut().find(|(known, _)| known == url) {
        Some((_, known)) => Some(std::mem::replace(known, file)),
        None => {
            files.push((url.to_string(), file));
            None
        }
    })
}

async fn fetch(url: &str) -> Option<Loaded> {
    let Response::Http { status: 200, body: Some(body), .. } = http::get(url, PATIENCE, &Abort::new()).await else {
        return None;
    };
    let IndexFile { questions, stems, synonyms, .. } = IndexFile::read(&body)?;
    let index = Index::build(&questions, Table::new(stems.0, synonyms.0));
    Some(Loaded { index, questions })
}
