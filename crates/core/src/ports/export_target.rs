//! The port for the place that an export is written to.

use async_trait::async_trait;

use super::files::FileError;

/// A place for one document and the files beside it.
#[async_trait]
pub trait ExportTarget: Send {
    /// Appends to the document. Blocks.
    fn write(&mut self, text: &str) -> std::io::Result<()>;

    /// Copies the bytes of an attachment to a path beside the document; `false` if they are missing.
    async fn copy_file(&mut self, file: &str, path: &str) -> Result<bool, FileError>;

    /// Makes the document survive a power failure. Blocks.
    fn finish(&mut self) -> std::io::Result<()>;
}
