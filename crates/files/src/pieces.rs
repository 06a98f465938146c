//! Streams of a file's bytes.

use std::io::{Error, ErrorKind};

use deskbell_core::ports::{ByteStream, FileError};
use futures_util::stream::{self, StreamExt};

/// The same bytes, with an error at the end if they are not as many as expected: what reads them has announced their number.
pub fn exactly(bytes: ByteStream, length: u64) -> ByteStream {
    let next = async |(mut bytes, missing): (ByteStream, u64)| match bytes.next().await.transpose()? {
        Some(piece) => {
            let missing = missing.checked_sub(piece.len() as u64).ok_or_else(|| wrong("longer"))?;
            Ok(Some((piece, (bytes, missing))))
        }
        None if missing == 0 => Ok(None),
        None => Err(wrong("shorter")),
    };
    stream::try_unfold((bytes, length), next).boxed()
}

fn wrong(how: &str) -> FileError {
    FileError::Io(Error::new(ErrorKind::UnexpectedEof, format!("the file is {how} than when it was opened")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[tokio::test]
    async fn streams_of_another_length_end_with_an_error() {
        for (length, is_good) in [(5, false), (6, true), (7, false)] {
            let pieces = ["abc", "def"].map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
            let read: Vec<_> = exactly(stream::iter(pieces).boxed(), length).collect().await;
            assert_eq!(read.iter().all(Result::is_ok), is_good, "{length}");
        }
    }
}
