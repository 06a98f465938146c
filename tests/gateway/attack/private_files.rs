//! No other user of the computer can read what the gateway stores.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use deskbell_core::ids::AgentSessionId;
use gateway::config::Overrides;
use gateway::wire_up;
use store_sqlite::SqliteStore;

use crate::support::{gateway, on_sqlite, ticket};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[tokio::test]
async fn new_databases_and_folders_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data/below");
    let database = data.join("test.db");
    let url = format!("sqlite:{}", database.display());
    let settings = wire_up::load(&Overrides { database: Some(url), demo: true, ..Overrides::default() }).unwrap();
    let app = wire_up::open(settings).await.unwrap();
    app.store.touch_session(AgentSessionId::new(1)).await.unwrap();
    for folder in [&data, &folder.path().join("data")] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn existing_databases_are_made_private() {
    on_sqlite();
    let gateway = gateway().await;
    gateway.post("key", &ticket("One")).await;
    let database = gateway.database();
    let files = ["", "-wal", "-shm"].map(|ending| format!("{}{ending}", database.display()));
    for file in &files {
        set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    }
    // Another process, such as an import, opens it too.
    let other = SqliteStore::open(&database).await.unwrap();
    for file in &files {
        assert_eq!(mode(Path::new(file)), 0o600, "{file}");
    }
    drop(other);
    assert_eq!(gateway.post("another", &ticket("Two")).await.status, 201);
    let restarted = gateway.restarted().await;
    assert_eq!(restarted.count().await, 2);
}
