//! Sites that are configured in the store.

use std::time::Duration;

use crate::support::{ACME, TestClock};
use deskbell_core::ports::{ReloadReport, SiteContents, Store};

pub async fn site_tables_are_written_only_over_the_expected_text(store: &dyn Store, clock: &TestClock) {
    let first = store.sites_revision().await.unwrap();
    assert_eq!(store.site_tables().await.unwrap(), []);
    let added = store.write_site_table(&ACME, None, "one").await.unwrap().unwrap();
    assert!(added > first && store.sites_revision().await.unwrap() == added);
    for expected in [None, Some("other")] {
        assert_eq!(store.write_site_table(&ACME, expected, "two").await.unwrap(), None, "{expected:?}");
    }
    assert_eq!(store.write_site_table(&"absent".into(), Some("one"), "two").await.unwrap(), None);
    assert_eq!(store.sites_revision().await.unwrap(), added);
    let updated_at = store.site_tables().await.unwrap()[0].updated_at;
    clock.advance(Duration::from_secs(60));
    let changed = store.write_site_table(&ACME, Some("one"), "two").await.unwrap().unwrap();
    store.write_site_table(&"a".into(), None, "three").await.unwrap().unwrap();
    let tables = store.site_tables().await.unwrap();
    let texts: Vec<(&str, &str)> = tables.iter().map(|table| (table.site.as_str(), table.text.as_str())).collect();
    assert_eq!(texts, [("a", "three"), (ACME.as_str(), "two")]);
    assert!(changed > added && tables[1].updated_at == updated_at + Duration::from_secs(60));
}

pub async fn removed_sites_leave_what_belongs_to_them(store: &dyn Store, _clock: &TestClock) {
    store.write_site_table(&ACME, None, "one").await.unwrap();
    let before = store.sites_revision().await.unwrap();
    assert_eq!(store.remove_site_table(&"absent".into()).await.unwrap(), None);
    assert!(store.remove_site_table(&ACME).await.unwrap().unwrap() > before);
    assert_eq!(store.remove_site_table(&ACME).await.unwrap(), None);
    assert_eq!(store.site_tables().await.unwrap(), []);
    assert_eq!(store.site_contents(&ACME).await.unwrap(), SiteContents::default());
}

pub async fn reloads_are_requested_and_reported_by_gateway(store: &dyn Store, clock: &TestClock) {
    let before = store.sites_revision().await.unwrap();
    let revision = store.request_reload().await.unwrap();
    assert!(revision > before && store.sites_revision().await.unwrap() == revision);
    let report = |gateway: &str, revision, error: Option<&str>| ReloadReport {
        gateway: gateway.into(),
        revision,
        error: error.map(String::from),
    };
    store.record_reload(&report("one", before, None)).await.unwrap();
    store.record_reload(&report("two", revision, Some("line 3"))).await.unwrap();
    assert_eq!(store.reload_reports(revision).await.unwrap(), [report("two", revision, Some("line 3"))]);
    store.record_reload(&report("one", revision, None)).await.unwrap();
    assert_eq!(store.reload_reports(revision).await.unwrap().len(), 2);
    clock.advance(Duration::from_secs(8 * 24 * 60 * 60));
    store.record_reload(&report("three", revision, None)).await.unwrap();
    assert_eq!(store.reload_reports(0).await.unwrap(), [report("three", revision, None)]);
}
