//! The bytes of attachments in memory.

use std::cell::RefCell;
use std::rc::Rc;

use domain::desk::ids::AttachmentId;
use wasm_bindgen::JsValue;

use crate::browser::blob;

/// Files by the ids of their attachments: as they were chosen, and once they are read with their bytes.
#[derive(Clone, Debug, Default)]
pub struct Files(Rc<RefCell<Vec<(AttachmentId, File)>>>);

#[derive(Clone, Debug)]
struct File {
    blob: JsValue,
    is_read: bool,
}

impl Files {
    /// Takes a file that was chosen.
    pub fn choose(&self, id: AttachmentId, file: JsValue) {
        self.0.borrow_mut().push((id, File { blob: file, is_read: false }));
    }

    /// Reads the bytes of a file that was chosen; `false` if that is not possible.
    pub async fn read(&self, id: &AttachmentId) -> bool {
        let Some(file) = self.find(id) else { return false };
        if file.is_read {
            return true;
        }
        let Some(blob) = blob::read(&file.blob).await else { return false };
        if let Some((_, file)) = self.0.borrow_mut().iter_mut().find(|(known, _)| known == id) {
            *file = File { blob, is_read: true };
        }
        true
    }

    /// The bytes of a file; `None` if they are not in memory.
    pub fn bytes(&self, id: &AttachmentId) -> Option<JsValue> {
        self.find(id).filter(|file| file.is_read).map(|file| file.blob)
    }

    /// Frees the bytes of all files that are not wanted any more.
    pub fn retain(&self, is_wanted: impl Fn(&AttachmentId) -> bool) {
        self.0.borrow_mut().retain(|(id, _)| is_wanted(id));
    }

    fn find(&self, id: &AttachmentId) -> Option<File> {
        self.0.borrow().iter().find(|(known, _)| known == id).map(|(_, file)| file.clone())
    }
}
