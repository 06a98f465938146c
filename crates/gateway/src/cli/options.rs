//! What several commands read: the options that name the database, and the environment.

use std::path::{Path, PathBuf};

use gateway::config::{self, Database, Overrides, Storage};

/// How many items a list has by default.
pub const LIMIT_DEFAULT: u32 = 50;
/// How many items a list has at most.
const LIMIT_MAX: u32 = 1_000;

/// The number of items of a list.
pub fn limit(text: &str) -> Result<u32, String> {
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| format!("use a number from 1 to {LIMIT_MAX}"))
}

/// Where the database and the files are.
#[derive(Clone, clap::Args)]
pub struct DatabaseOptions {
    /// The configuration file that names the database and the folder of files.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    pub config: Option<PathBuf>,
    /// The database, sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:data/deskbell.db].
    #[arg(long, value_name = "URL", env = "DESKBELL_DATABASE")]
    pub database: Option<String>,
}

impl DatabaseOptions {
    /// The settings of the configuration file with these options; notes on standard error if the database is not the gateway's.
    pub fn settings(self) -> Result<config::Settings, config::SettingsError> {
        let settings = self.load()?;
        note_other_database(&settings);
        Ok(settings)
    }

    /// The settings for a restore. The folder of attachments in the configuration belongs to its database, so with another one, as in a trial, they
    /// are beside that one. In a bucket a restore replaces nothing.
    pub fn restore_settings(self) -> Result<config::Settings, config::SettingsError> {
        let DatabaseOptions { config, .. } = self.clone();
        let mut settings = self.settings()?;
        let configured = DatabaseOptions { config, database: variable("DESKBELL_DATABASE") }.load()?;
        let beside = Storage::Folder(config::default_attachments(&settings.database));
        if settings.file.is_some()
            && matches!(settings.attachments, Storage::Folder(_))
            && settings.attachments != beside
            && !settings.database.is_same(&configured.database, Path::new(""))
        {
            eprintln!(
                "note: the configuration has the database {}, so its attachments are not touched; those of the backup are restored to {}",
                configured.database.url(),
                beside.local_folder().display()
            );
            settings.attachments = beside;
        }
        Ok(settings)
    }

    /// The same without notes, for a command that does not use the database.
    pub fn load(self) -> Result<config::Settings, config::SettingsError> {
        let DatabaseOptions { config, database } = self;
        config::load(&Overrides { config, database, ..Overrides::default() })
    }
}

/// Which part of a list is printed, and how.
#[derive(clap::Args)]
pub struct Page {
    /// How many are listed at most.
    #[arg(long, value_name = "COUNT", default_value_t = LIMIT_DEFAULT, value_parser = limit)]
    pub limit: u32,
    /// List those after this number, which `next` of the JSON has.
    #[arg(long, value_name = "ID")]
    pub after: Option<i64>,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// Warns if a command uses another database than the gateway. A database from the environment is the gateway's as well.
pub fn note_other_database(settings: &config::Settings) {
    let of_environment = variable("DESKBELL_DATABASE").and_then(|url| Database::parse(&url, "").ok());
    if of_environment.is_some_and(|database| database.url() == settings.database.url()) {
        return;
    }
    if let Some(notice) = config::other_database(settings, Path::new("")) {
        eprintln!("note: {notice}");
    }
}

/// An environment variable. An empty one counts as unset, because a compose file makes an unset variable empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
