//! Question files exported by other tools, and forums of several versions.

mod forum;

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use gateway::config::SourceKind;
use gateway::wire_up::source_format;
use serde::Deserialize;
use sources::{Columns, Source, read_file};

use crate::rows::{check_all, read};

#[derive(Debug, Deserialize)]
struct File {
    /// `jsonl` or `csv`.
    from: SourceKind,
    /// The content as text in an encoding, or as base64.
    #[serde(default)]
    text: String,
    #[serde(default)]
    base64: String,
    /// `utf-8`, or the encoding for the test.
    #[serde(default)]
    encoding: String,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    /// The imported questions: `id: title [topics] (answers)` per line.
    #[serde(default)]
    questions: Vec<String>,
    /// A part of each error.
    #[serde(default)]
    bad: Vec<String>,
    /// A part of each warning.
    #[serde(default)]
    warnings: Vec<String>,
    /// A part of the error if the file is not valid at all.
    #[serde(default)]
    refused: String,
}

impl File {
    fn bytes(&self) -> Vec<u8> {
        if !self.base64.is_empty() {
            return BASE64_STANDARD.decode(&self.base64).unwrap();
        }
        let units = |bytes: fn(u16) -> [u8; 2]| self.text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        match self.encoding.as_str() {
            "" | "utf-8" => self.text.clone().into_bytes(),
            "utf-8 with mark" => [b"\xef\xbb\xbf", self.text.as_bytes()].concat(),
            "utf-16le with mark" => [vec![0xff, 0xfe], units(u16::to_le_bytes)].concat(),
            "utf-16be with mark" => [vec![0xfe, 0xff], units(u16::to_be_bytes)].concat(),
            "utf-16le" => units(u16::to_le_bytes),
            "utf-16be" => units(u16::to_be_bytes),
            "utf-32le with mark" => {
                let text = self.text.chars().flat_map(|c| u32::from(c).to_le_bytes());
                [0xff, 0xfe, 0, 0].into_iter().chain(text).collect()
            }
            "windows-1252" => encoding_rs::WINDOWS_1252.encode(&self.text).0.into_owned(),
            other => panic!("no encoding {other}"),
        }
    }

    fn check(&self) -> Result<(), String> {
        let source = Source::new(source_format(self.from), "questions", None).unwrap();
        let source = Source { columns: Columns::new(self.columns.clone()).unwrap(), ..source };
        let reading = match read_file(&source, &self.bytes()) {
            Ok(reading) if self.refused.is_empty() => reading,
            Ok(reading) => return Err(format!("is read: {:?}", reading.questions)),
            Err(problems) if !self.refused.is_empty() && problems.contains(&self.refused) => return Ok(()),
            Err(problems) => return Err(format!("is refused: {problems}")),
        };
        let shown = |question: &domain::question::Question| {
            let answers: Vec<&str> = question.answers.iter().map(|answer| answer.body.as_str()).collect();
            format!("{}: {} [{}] ({})", question.id, question.title, question.topics.join(", "), answers.join(" | "))
        };
        let questions: Vec<String> = reading.questions.iter().map(shown).collect();
        if questions != self.questions {
            return Err(format!("{questions:#?} and not {:#?}", self.questions));
        }
        for (notes, expected) in [(&reading.bad, &self.bad), (&reading.warnings, &self.warnings)] {
            let problems: Vec<String> = notes.iter().map(ToString::to_string).collect();
            if problems.len() != expected.len()
                || problems.iter().zip(expected).any(|(problems, part)| !problems.contains(part))
            {
                return Err(format!("{problems:#?} and not {expected:#?}"));
            }
        }
        Ok(())
    }
}

#[test]
fn files_of_other_tools_are_read_or_reported() {
    let rows = read::<File>(include_str!("table.toml"));
    assert!(rows.len() >= 50);
    check_all(&rows, File::check);
}
