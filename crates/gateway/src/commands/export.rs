//! `deskbell export`: a folder with `export.json` and the files beside it.

use std::fs::File;
use std::io::{Result, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::actor::current_user;
use super::{DataError, OpenData};
use crate::wire_up;
use async_trait::async_trait;
use deskbell_core::ports::{ExportTarget, FileError, Files};
use deskbell_core::use_cases::agents::Audited;
use deskbell_core::use_cases::privacy::{Exported, PrivacyError, Selection};
use futures_util::StreamExt;
use private_files::{create_file, create_folder};

/// Writes the data of a selection into a folder, which must be empty or not exist. The audit log notes it before.
pub async fn run(data: &OpenData, selection: &Selection, out: &Path) -> std::result::Result<Exported, DataError> {
    let failed = |error: std::io::Error| DataError::Folder(out.display().to_string(), error.to_string());
    let mut target = ExportFolder::create(out, data.files.clone()).map_err(failed)?;
    let action = Audited::TicketsExported(selection.site(), selection.word());
    data.audit().record(&current_user(), "", action).await?;
    let exported = wire_up::export_selection(data.store()).export(selection, &mut target).await;
    exported.map_err(|error| match error {
        PrivacyError::Target(error) => failed(error),
        error => error.into(),
    })
}

/// The folder of an export.
struct ExportFolder {
    out: PathBuf,
    json: File,
    files: Arc<dyn Files>,
}

impl ExportFolder {
    fn create(out: &Path, files: Arc<dyn Files>) -> Result<ExportFolder> {
        if !out.is_dir() {
            create_folder(out)?;
        } else if std::fs::read_dir(out)?.next().is_some() {
            return Err(std::io::Error::other("the folder is not empty"));
        }
        Ok(ExportFolder { json: create_file(&out.join("export.json"))?, out: out.into(), files })
    }
}

#[async_trait]
impl ExportTarget for ExportFolder {
    fn write(&mut self, text: &str) -> Result<()> {
        self.json.write_all(text.as_bytes())
    }

    async fn copy_file(&mut self, file: &str, path: &str) -> std::result::Result<bool, FileError> {
        let target = self.out.join(path);
        let mut opened = match self.files.open(file, 0).await {
            Ok(opened) => opened,
            Err(FileError::NotFound) => return Ok(false),
            Err(error) => return Err(error),
        };
        create_folder(target.parent().unwrap_or(&self.out))?;
        let mut copy = create_file(&target)?;
        while let Some(piece) = opened.bytes.next().await {
            copy.write_all(&piece?)?;
        }
        Ok(true)
    }

    fn finish(&mut self) -> Result<()> {
        self.json.sync_all()
    }
}
