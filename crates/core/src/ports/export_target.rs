//! The port for the place that an export is written to.

use std::io::Result;

/// A place for one document and the files beside it. All methods block.
pub trait ExportTarget: Send {
    /// Appends to the document.
    fn write(&mut self, text: &str) -> Result<()>;

    /// Copies the bytes of an attachment to a path beside the document; `false` if they are missing.
    fn copy_file(&mut self, file: &str, path: &str) -> Result<bool>;

    /// Makes the document survive a power failure.
    fn finish(&mut self) -> Result<()>;
}
