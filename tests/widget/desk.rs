//! What carries out the effects of the desk, with the browser's own database, locks and clock.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use deskbell::browser::database::Unavailable;
use deskbell::browser::timer;
use deskbell::desk::clock::{Clock, DeviceClock};
use deskbell::desk::executor::{Executor, Page, Ports};
use deskbell::desk::files::Files;
use deskbell::desk::locks::{DeviceLocks, Locks};
use deskbell::desk::net::{Net, Post, SiteNet, Token, Upload};
use deskbell::desk::random::DeviceRandom;
use deskbell::desk::store::{DeviceStore, Store, Written};
use deskbell::desk::task::Task;
use domain::desk::attachment::{Attachment, UploadOutcome};
use domain::desk::customer::Credential;
use domain::desk::draft::{AttachmentRef, Draft, Form, Target};
use domain::desk::effect::{HostEvent, Note};
use domain::desk::event::{Answer, Happening};
use domain::desk::ids::{AttachmentId, CustomerId, IdempotencyKey, Random, Revision, Time, TransactionId};
use domain::desk::records::{Expectation, Record, RecordKey, Reset, Transaction, Write};
use domain::desk::rules::FormRules;
use domain::desk::submission::Cause;
use domain::desk::{Desk, Settings};
use domain::ticket::Contact;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use wire::Source;

use super::{js, pass, replace};

/// `put` and `get` as an earlier version does it (`loader/disk.js`).
const DISK: &str = "
    const open = () => new Promise((resolve, reject) => {
        const request = indexedDB.open('deskbell', 1);
        request.onupgradeneeded = () => ['drafts', 'outbox', 'receipts', 'leases', 'files'].forEach((name) => request.result.createObjectStore(name));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const run = async (store, act) => {
        const database = await open();
        const transaction = database.transaction([store], 'readwrite', { durability: 'strict' });
        const request = act(transaction.objectStore(store));
        await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = reject });
        database.close();
        return request.result;
    };
    const put = (store, key, value) => run(store, (on) => on.put(value, key));
    const get = (store, key) => run(store, (on) => on.get(key));
";

/// Runs JavaScript with the database, and waits for its promise.
async fn disk(code: &str) -> JsValue {
    let act = format!("{DISK} return (async () => {{ {code} }})()");
    JsFuture::from(js(&act).unchecked_into::<Promise>()).await.unwrap()
}

fn store(site: &str) -> (DeviceStore, Files) {
    let files = Files::default();
    (DeviceStore::new(site, Rc::new(deskbell::desk::database()), files.clone()), files)
}

fn transaction(expectations: Vec<Expectation>, writes: Vec<Write>) -> Transaction {
    Transaction { id: TransactionId(1), expectations, writes }
}

fn put(record: Record) -> Write {
    Write::Put(Box::new(record))
}

fn draft(key: &str, text: &str) -> Draft {
    let mut draft = Draft::new(key.into(), "ada".into(), Target::NewTicket);
    draft.form.text = text.into();
    draft.revision = Revision(7);
    draft.saved_at = DeviceClock.now();
    draft
}

fn texts(records: &[Record]) -> Vec<&str> {
    let texts = records.iter().map(|record| match record {
        Record::Draft(draft) => draft.form.text.as_str(),
        Record::Submission(submission) => submission.text(),
        Record::Acknowledgement(known) => known.text.as_str(),
        Record::Attachment(attachment) => attachment.name.as_str(),
    });
    texts.collect()
}

/// Waits until something is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..200 {
        if is_so() {
            return;
        }
        pass(10).await;
    }
    panic!("not within two seconds");
}

#[wasm_bindgen_test]
async fn what_an_earlier_version_has_left_is_loaded() {
    disk(
        "const ticket = { kind: 'bug', topic: '', severity: 'high', message: 'It broke', contact: { name: '', email: '' }, context: {}, questions: [], via: '' };
        const frozen = { at: '2026-11-29T11:00:00Z', user: null, values: { since: new Date(0), none: undefined }, errors: [{ at: '1' }] };
        const at = Date.now();
        await put('drafts', 'left\\nada', { id: 'd1', ticket, at, tab: Math.random(), frozen });
        await put('drafts', 'left\\nada\\n\\n5', { id: 'd2', ticket: { ...ticket, message: 'Another' }, at: at - 1, tab: 0.5, frozen: null });
        await put('drafts', 'left\\nada\\nt1', { text: 'Thanks', at: at - 2 });
        await put('files', 'f1', { id: 'f1', of: 'd1', name: 'a.png', blob: new Blob(['abc']), at, there: false });
        await put('outbox', 'q1', { key: 'q1', site: 'left', user: 'ada', signed: true, session: 's', path: '/tickets', body: JSON.stringify(ticket),
            files: [], names: [], draft: 'd0', text: 'Sent off', at, said: at, tries: 1, wait: 2000, next: at + 2000, cause: 'offline' });
        await put('receipts', 'q2', { key: 'q2', site: 'left', user: 'ada', draft: 'd9', text: 'Arrived', answer: '{}', at });",
    )
    .await;
    let (store, _) = store("left");
    let records = store.load().await.unwrap();
    assert_eq!(texts(&records), ["It broke", "Another", "Thanks", "Sent off", "Arrived", "a.png"]);
    let Record::Draft(draft) = &records[0] else { panic!() };
    assert_eq!(draft.attachments, [AttachmentRef { id: "f1".into(), name: "a.png".into() }]);
    assert_eq!(
        draft.form.snapshot,
        r#"{"at":"2026-11-29T11:00:00Z","user":null,"values":{"since":"1970-01-01T00:00:00.000Z"},"errors":[{"at":"1"}]}"#
    );
    assert!(matches!(&records[5], Record::Attachment(file) if file.size == 3));
    // Again the same, or every load would be a change.
    assert_eq!(store.load().await.unwrap(), records);

    // Written over it, it is where that version looks for it, with the bytes of its file.
    let expected = Expectation { key: RecordKey::Draft("d1".into()), revision: Some(draft.revision) };
    let mut changed = draft.clone();
    changed.form.text = "It broke again".into();
    changed.revision = Revision(9);
    let mut file = Attachment { is_uploaded: true, ..Attachment::clone(attachment(&records)) };
    file.has_metadata = true;
    let writes = vec![put(Record::Draft(changed.clone())), put(Record::Attachment(file))];
    let written = store.write(transaction(vec![expected], writes), DeviceClock.now()).await;
    assert_eq!(written, Ok(Written::Stored));
    assert!(store.load().await.unwrap().contains(&Record::Draft(changed)));
    let read = "const { id, ticket, frozen } = await get('drafts', 'left\\nada');
        const { of, there, blob } = await get('files', 'f1');
        return [id, ticket.message, frozen.errors[0].at, of, there, await blob.text()].join()";
    assert_eq!(disk(read).await.text(), "d1,It broke again,1,d1,true,abc");
}

fn attachment(records: &[Record]) -> &Attachment {
    let found = records.iter().find_map(|record| match record {
        Record::Attachment(attachment) => Some(attachment),
        _ => None,
    });
    found.unwrap()
}

#[wasm_bindgen_test]
async fn nothing_is_written_if_an_expectation_is_not_met() {
    let (store, _) = store("expects");
    let now = DeviceClock.now();
    let expects = |revision| vec![Expectation { key: RecordKey::Draft("k1".into()), revision }];
    let write = |revision, text| {
        let writes = vec![put(Record::Draft(draft("k1", text))), put(Record::Draft(draft("k2", text)))];
        store.write(transaction(expects(revision), writes), now)
    };
    assert_eq!(write(None, "first").await, Ok(Written::Stored));
    let Ok(Written::Conflicted(found)) = write(None, "second").await else { panic!("written") };
    assert_eq!(texts(&found), ["first"]);
    assert_eq!(texts(&store.load().await.unwrap()), ["first", "first"]);
    assert_eq!(write(Some(Revision(7)), "third").await, Ok(Written::Stored));
    assert_eq!(texts(&store.load().await.unwrap()), ["third", "third"]);
}

/// A transaction that keeps everything else waiting until the function is called.
async fn block() -> impl FnOnce() {
    let code = "const database = await open();
        let blocks = true;
        const transaction = database.transaction(['drafts', 'outbox', 'receipts', 'files'], 'readwrite');
        const on = transaction.objectStore('drafts');
        const again = () => blocks && (on.get('x').onsuccess = again);
        again();
        transaction.oncomplete = () => database.close();
        return () => (blocks = false)";
    let end: Function = disk(code).await.unchecked_into();
    move || drop(end.call0(&JsValue::UNDEFINED).unwrap())
}

#[wasm_bindgen_test]
async fn a_transaction_that_takes_too_long_is_not_written_later() {
    let (store, _) = store("slow");
    let now = DeviceClock.now();
    let write = |text: &str| store.write(transaction(vec![], vec![put(Record::Draft(draft("k1", text)))]), now);
    assert_eq!(write("first").await, Ok(Written::Stored));
    let end = block().await;
    assert_eq!(DeviceClock.within(Duration::from_millis(50), write("late")).await, None);
    assert_eq!(DeviceClock.within(Duration::from_millis(50), store.load()).await, None);
    end();
    assert_eq!(texts(&store.load().await.unwrap()), ["first"]);
    assert_eq!(write("second").await, Ok(Written::Stored));
}

#[wasm_bindgen_test]
async fn a_connection_that_is_lost_is_opened_again() {
    let (store, _) = store("lost");
    let now = DeviceClock.now();
    let write = |text: &str| store.write(transaction(vec![], vec![put(Record::Draft(draft("k1", text)))]), now);
    assert_eq!(write("first").await, Ok(Written::Stored));
    // As Safari does it.
    js("const { transaction } = IDBDatabase.prototype;
        IDBDatabase.prototype.transaction = function () {
            IDBDatabase.prototype.transaction = transaction;
            throw new DOMException('The connection is closing', 'InvalidStateError');
        }");
    assert_eq!(texts(&store.load().await.unwrap()), ["first"]);
    // A newer version in another tab wants it closed.
    disk(
        "return new Promise((resolve, reject) => {
            const request = indexedDB.deleteDatabase('deskbell');
            request.onsuccess = resolve;
            request.onblocked = reject;
        })",
    )
    .await;
    assert_eq!(store.load().await, Ok(vec![]));
    assert_eq!(write("second").await, Ok(Written::Stored));
}

#[wasm_bindgen_test]
async fn a_device_that_cannot_be_used_is_an_answer_too() {
    let now = DeviceClock.now();
    for broken in [
        "value: undefined",
        "get() { throw new DOMException('sandboxed', 'SecurityError') }",
        "value: { open() { throw new Error() } }",
        "value: { open() { const request = {}; setTimeout(() => request.onerror({})); return request } }",
        "value: { open() { const request = {}; setTimeout(() => request.onblocked({})); return request } }",
    ] {
        let _replaced = replace("indexedDB", broken);
        let (store, _) = store("broken");
        assert_eq!(store.load().await, Err(Unavailable), "{broken}");
        assert_eq!(store.write(transaction(vec![], vec![]), now).await, Err(Unavailable), "{broken}");
    }
    // What cannot be cloned, or does not fit, aborts all of it.
    let (store, _) = store("broken");
    js("const { put } = IDBObjectStore.prototype;
        let left = 1;
        IDBObjectStore.prototype.put = function (...args) {
            if (left-- > 0) return put.apply(this, args);
            IDBObjectStore.prototype.put = put;
            throw new DOMException('full', 'QuotaExceededError');
        }");
    let writes = vec![put(Record::Draft(draft("k1", "one"))), put(Record::Draft(draft("k2", "two")))];
    assert_eq!(store.write(transaction(vec![], writes), now).await, Err(Unavailable));
    assert_eq!(store.load().await, Ok(vec![]));
}

#[wasm_bindgen_test]
async fn an_attachment_is_stored_with_its_bytes_or_not_at_all() {
    let (store, files) = store("files");
    let id = AttachmentId("a0000000-0000-4000-8000-000000000001".into());
    let mut written = draft("k1", "");
    written.attachments = vec![AttachmentRef { id: id.clone(), name: "a.txt".into() }];
    let file = Attachment {
        id: id.clone(),
        name: "a.txt".into(),
        size: 3,
        is_uploaded: false,
        has_metadata: false,
        refusal: String::new(),
        added_at: DeviceClock.now(),
    };
    let write = || {
        let writes = vec![put(Record::Draft(written.clone())), put(Record::Attachment(file.clone()))];
        store.write(transaction(vec![], writes), DeviceClock.now())
    };
    files.choose(id.clone(), js("return new File(['abc'], 'a.txt', { type: 'text/plain' })"));
    assert_eq!(write().await, Ok(Written::Stored));
    assert_eq!(store.load().await.unwrap().len(), 1, "its bytes are not read yet");
    assert!(store.bytes(&id).await.is_none());
    assert!(files.read(&id).await);
    assert_eq!(write().await, Ok(Written::Stored));
    assert_eq!(store.load().await.unwrap().len(), 2);

    // After a reload the device has them.
    let (reloaded, none) = self::store("files");
    assert!(none.bytes(&id).is_none());
    let bytes = reloaded.bytes(&id).await.unwrap();
    let text = JsFuture::from(super::with(&bytes, "return it.text()").unchecked_into::<Promise>()).await.unwrap();
    assert_eq!((text.text(), bytes.text_of("type")), ("abc".into(), "text/plain".into()));

    let broken = AttachmentId("b".into());
    files.choose(
        broken.clone(),
        js("return { arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotFoundError')) }"),
    );
    assert!(!files.read(&broken).await);
    files.retain(|known| *known == id);
    assert!(!files.read(&broken).await);
}

#[wasm_bindgen_test]
fn marks_of_resets_are_those_that_the_loader_leaves() {
    let (store, _) = store("marks");
    js(
        "localStorage['deskbell-reset:marks:ada'] = 5; localStorage['deskbell-discard:marks:'] = 6; localStorage['deskbell-reset:other:ada'] = 7",
    );
    let mut resets = store.resets();
    resets.sort_by_key(|reset| reset.at);
    let reset = |customer: &str, discards, at| Reset { customer: customer.into(), discards, at: Time(at) };
    assert_eq!(resets, [reset("ada", false, 5), reset("", true, 6)]);
    store.mark(&reset("ada", false, 8));
    store.clear(&reset("ada", false, 5));
    store.clear(&reset("", true, 6));
    assert_eq!(store.resets(), [reset("ada", false, 8)], "a later reset is not carried out yet");
    store.clear(&reset("ada", false, 8));
    assert_eq!(store.resets(), []);
    js("localStorage.removeItem('deskbell-reset:other:ada')");
}

fn device_locks(site: &str) -> DeviceLocks {
    DeviceLocks::new(site, Rc::new(deskbell::desk::database()))
}

/// Asks for a lock, which is in the cell once it is granted.
fn ask<L: Locks + Clone + 'static>(locks: &L, key: &str) -> Rc<RefCell<Option<L::Held>>>
where
    L::Held: 'static,
{
    let slot = Rc::new(RefCell::new(None));
    let (granted, locks, key) = (slot.clone(), locks.clone(), IdempotencyKey::from(key));
    timer::spawn(async move {
        let held = locks.ask(&key).await;
        granted.replace(held);
    });
    slot
}

#[wasm_bindgen_test]
async fn one_tab_at_a_time_has_the_lock_of_a_submission() {
    let locks = device_locks("locks");
    let first = ask(&locks, "k1");
    until(|| first.borrow().is_some()).await;
    let (second, other) = (ask(&locks, "k1"), ask(&locks, "k2"));
    until(|| other.borrow().is_some()).await;
    assert!(second.borrow().is_none(), "another submission waits for nobody");
    first.take();
    until(|| second.borrow().is_some()).await;

    // Who gives up gets it no more, and keeps it from nobody.
    assert!(DeviceClock.within(Duration::from_millis(50), locks.ask(&"k1".into())).await.is_none());
    second.take();
    let third = ask(&locks, "k1");
    until(|| third.borrow().is_some()).await;
}

#[wasm_bindgen_test]
async fn a_tab_with_an_earlier_version_locks_the_whole_outbox() {
    let end: Function = js("let end;
        const held = new Promise((resolve) => (end = resolve));
        navigator.locks.request('deskbell:mixed:outbox', () => held);
        return end")
    .unchecked_into();
    let locks = device_locks("mixed");
    assert!(DeviceClock.within(Duration::from_millis(50), locks.ask(&"k1".into())).await.is_none());
    end.call0(&JsValue::UNDEFINED).unwrap();
    let held = ask(&locks, "k1");
    until(|| held.borrow().is_some()).await;
    let earlier = "return navigator.locks.request('deskbell:mixed:outbox', () => true)";
    let earlier = JsFuture::from(js(earlier).unchecked_into::<Promise>());
    let mut earlier = std::pin::pin!(earlier);
    assert!(DeviceClock.within(Duration::from_millis(50), earlier.as_mut()).await.is_none());
    held.take();
    assert!(earlier.await.unwrap().is_truthy());
}

#[wasm_bindgen_test]
async fn a_refused_lock_is_none() {
    let _replaced = replace(
        "navigator",
        "value: { locks: { request: () => Promise.reject(new DOMException('', 'SecurityError')) } }",
    );
    assert!(device_locks("refused").ask(&"k1".into()).await.is_none());
}

#[wasm_bindgen_test]
async fn without_locks_a_lease_on_the_device_takes_their_place() {
    let _replaced = replace("navigator", "value: {}");
    let locks = device_locks("leases");
    let first = ask(&locks, "k1");
    until(|| first.borrow().is_some()).await;
    let second = ask(&locks, "k1");
    pass(50).await;
    assert!(second.borrow().is_none());
    first.take();
    until(|| second.borrow().is_some()).await;
    second.take();
    disk("await put('leases', 'deskbell:leases:outbox', Date.now() + 5000)").await;
    assert!(DeviceClock.within(Duration::from_millis(100), locks.ask(&"k2".into())).await.is_none());
    // From before the clock was set back.
    disk("await put('leases', 'deskbell:leases:outbox', Date.now() + 50000)").await;
    assert!(locks.ask(&"k2".into()).await.is_some());
}

#[wasm_bindgen_test]
async fn without_locks_the_lease_of_the_outbox_keeps_out_tabs_with_an_earlier_version() {
    let _replaced = replace("navigator", "value: {}");
    let locks = device_locks("shared");
    let (first, second) = (ask(&locks, "k1"), ask(&locks, "k2"));
    until(|| first.borrow().is_some() && second.borrow().is_some()).await;
    let lasts = async || disk("return (await get('leases', 'deskbell:shared:outbox')) > Date.now()").await.is_true();
    assert!(lasts().await);
    first.take();
    pass(100).await;
    assert!(lasts().await, "the other submission shares it");
    second.take();
    for _ in 0..100 {
        if !lasts().await {
            return;
        }
        pass(20).await;
    }
    panic!("not within two seconds");
}

#[wasm_bindgen_test]
async fn a_timer_never_fires_before_its_time() {
    let fired = Rc::new(Cell::new(None));
    let at = |time: Time| {
        let fired = fired.clone();
        DeviceClock.call_at(time, Box::new(move || fired.set(Some(DeviceClock.now()))))
    };
    let time = DeviceClock.now().plus(30);
    let soon = at(time);
    until(|| fired.get().is_some()).await;
    assert!(fired.get().unwrap() >= time);
    drop(soon);
    fired.set(None);
    // Longer than a browser counts.
    let late = at(DeviceClock.now().plus(30 * 86_400_000));
    drop(at(DeviceClock.now().plus(10)));
    pass(60).await;
    assert_eq!(fired.get(), None);
    drop(late);
}

#[wasm_bindgen_test]
async fn a_timer_that_the_browser_fires_too_early_is_started_again() {
    let fired = Rc::new(Cell::new(false));
    let set = fired.clone();
    let timer = {
        let _replaced = replace("setTimeout", "value: ((real) => (call) => real(call, 1))(setTimeout)");
        DeviceClock.call_at(DeviceClock.now().plus(100), Box::new(move || set.set(true)))
    };
    pass(20).await;
    assert!(!fired.get());
    until(|| fired.get()).await;
    drop(timer);
}

#[wasm_bindgen_test]
fn ids_and_revisions_are_random() {
    let mut random = DeviceRandom;
    let (first, second) = (random.id(), random.id());
    assert_ne!(first, second);
    assert!(first.len() == 32 && first.bytes().all(|digit| digit.is_ascii_hexdigit()), "{first}");
    assert!((0..100).all(|_| random.number() < 1 << 53));
    let _replaced = replace("crypto", "value: undefined");
    assert_ne!(random.id(), random.id());
}

/// A gateway that takes everything, as soon as it is let.
#[derive(Clone, Default)]
struct Gateway {
    posts: Rc<RefCell<Vec<Post>>>,
    is_slow: Rc<Cell<bool>>,
}

impl Net for Gateway {
    async fn post(&self, post: Post) -> Answer {
        self.posts.borrow_mut().push(post);
        while self.is_slow.get() {
            pass(10).await;
        }
        Answer::Accepted { response: r#"{"reference":"DB-1"}"#.into() }
    }

    async fn upload(&self, _upload: Upload, progress: Box<dyn Fn(f64)>) -> UploadOutcome {
        progress(0.5);
        UploadOutcome::Uploaded { has_metadata: false }
    }
}

#[derive(Clone, Default)]
struct Screen {
    notes: Rc<RefCell<Vec<Note>>>,
    told: Rc<Cell<u32>>,
    uploaded: Rc<Cell<f64>>,
}

impl Page for Screen {
    fn tell_other_tabs(&self) {
        self.told.set(self.told.get() + 1);
    }

    fn emit(&self, _event: &HostEvent) {}

    fn announce(&self, note: Note) {
        self.notes.borrow_mut().push(note);
    }

    fn refresh(&self, _desk: &Desk) {}

    fn progress(&self, _id: &AttachmentId, part: f64) {
        self.uploaded.set(part);
    }
}

type Tab = Rc<Executor<DeviceStore, Gateway, DeviceLocks, DeviceClock, Screen>>;

/// A tab in which help was opened.
fn tab(site: &str, gateway: &Gateway) -> (Tab, Screen) {
    let (store, files) = store(site);
    let page = Screen::default();
    let ports =
        Ports { store, net: gateway.clone(), locks: device_locks(site), clock: DeviceClock, page: page.clone(), files };
    let desk = Desk::new(Settings::default(), "session".into(), Box::new(DeviceRandom));
    let executor = Executor::new(desk, ports);
    executor.tell(Happening::Started);
    executor.tell(Happening::Configured(Box::new(FormRules {
        attachments_max: 5,
        attachment_bytes_max: 100,
        ..FormRules::default()
    })));
    (executor, page)
}

fn write(tab: &Tab, text: &str) {
    let contact = Contact { name: "Ada".into(), email: "ada@host.example".into() };
    let form = Form { text: text.into(), contact, ..Form::default() };
    tab.tell(Happening::Typed(Target::NewTicket, Box::new(form)));
}

fn press_send(tab: &Tab) {
    let more = r#"{"locale":"en"}"#.to_string();
    tab.tell(Happening::SendPressed {
        written_in: Target::NewTicket,
        target: Target::NewTicket,
        more,
        visit: String::new(),
    });
}

fn shown(tab: &Tab) -> String {
    tab.read(|desk| desk.draft(&Target::NewTicket).map(|draft| draft.form.text.clone()).unwrap_or_default())
}

async fn on_device(site: &str) -> Vec<String> {
    texts(&store(site).0.load().await.unwrap()).into_iter().map(str::to_string).collect()
}

#[wasm_bindgen_test]
async fn a_draft_is_stored_while_it_is_written_restored_in_another_tab_and_sent_once() {
    let gateway = Gateway::default();
    let (first, _) = tab("desk", &gateway);
    write(&first, "It broke");
    for _ in 0..100 {
        pass(20).await;
        if on_device("desk").await == ["It broke"] {
            break;
        }
    }
    drop(first);

    let (second, page) = tab("desk", &gateway);
    until(|| shown(&second) == "It broke").await;
    let id = AttachmentId("a0000000-0000-4000-8000-000000000002".into());
    second.files().choose(id.clone(), js("return new File(['abc'], 'a.txt')"));
    second.tell(Happening::AttachmentAdded { target: Target::NewTicket, id, name: "a.txt".into(), size: 3 });
    until(|| page.notes.borrow().contains(&Note::AttachmentAdded)).await;
    assert_eq!(page.uploaded.get(), 0.5);
    gateway.is_slow.set(true);
    press_send(&second);
    until(|| gateway.posts.borrow().len() == 1).await;

    // Another tab finds it in the outbox, and waits for the lock.
    let (third, _) = tab("desk", &gateway);
    until(|| third.read(|desk| desk.waiting().count()) == 1).await;
    pass(100).await;
    assert_eq!(gateway.posts.borrow().len(), 1);
    gateway.is_slow.set(false);
    until(|| page.notes.borrow().contains(&Note::Sent)).await;
    third.tell(Happening::OtherTabSpoke);
    until(|| third.read(|desk| desk.waiting().count() == 0 && desk.acknowledged().count() == 1)).await;
    let post = gateway.posts.borrow()[0].clone();
    let body = wire_json(&post.body);
    assert_eq!(
        (gateway.posts.borrow().len(), body.text_of("message"), body.text_of("locale")),
        (1, "It broke".into(), "en".into())
    );
    assert_eq!(body.get("attachments").items().len(), 1);
    for _ in 0..100 {
        // The receipt.
        if on_device("desk").await == ["It broke"] {
            break;
        }
        pass(20).await;
    }
    assert!(page.told.get() > 0);
    assert_eq!(shown(&second), "");
}

fn wire_json(text: &str) -> JsValue {
    JsValue::parse(text).unwrap()
}

#[wasm_bindgen_test]
async fn a_device_that_is_blocked_keeps_nobody_from_sending() {
    let gateway = Gateway::default();
    let _replaced = replace("indexedDB", "value: undefined");
    let (tab, page) = tab("blocked", &gateway);
    write(&tab, "It broke");
    press_send(&tab);
    until(|| page.notes.borrow().contains(&Note::Sent)).await;
    assert_eq!(gateway.posts.borrow().len(), 1);
}

/// A `fetch` that notes its requests, and answers with the next of `answers`: a status and a body.
fn answering(answers: &str) -> super::Replaced {
    js("globalThis.asked = []");
    replace(
        "fetch",
        &format!(
            "value: async (url, init) => {{
                const answers = {answers};
                const {{ status, body, after }} = answers[asked.length] ?? answers.at(-1);
                asked.push([url, init.headers['Authorization'] ?? '', init.headers['Idempotency-Key'] ?? '', init.body].join(' '));
                if (!status) throw new TypeError('Failed to fetch');
                return new Response(body, {{ status, headers: after ? {{ 'Retry-After': after }} : {{}} }});
            }}"
        ),
    )
}

fn asked() -> Vec<String> {
    js("return globalThis.asked").items().iter().map(Source::text).collect()
}

/// A site whose customer has a new token whenever one is refused.
fn site() -> (SiteNet, Rc<RefCell<Vec<String>>>) {
    let refused: Rc<RefCell<Vec<String>>> = Rc::default();
    let told = refused.clone();
    let token = |customer: &CustomerId, refused: Option<&str>| -> Token {
        let token = match (customer.0.as_str(), refused) {
            ("ada", None) => Some("t1".to_string()),
            ("ada", Some(refused)) => Some([refused, "+"].concat()),
            _ => None,
        };
        Box::pin(async move { token })
    };
    let net = SiteNet::new("https://gateway.invalid/v1/sites/acme".into(), token, move |text| {
        told.borrow_mut().push(text.into());
    });
    (net, refused)
}

fn post(target: Target, credential: Credential, customer: &str) -> Post {
    Post { key: "k1".into(), target, body: "{}".into(), credential, customer: customer.into(), session: "s".into() }
}

const UNAUTHORISED: &str = r#"{ status: 401, body: '{"code":"token_expired","title":"It has expired"}' }"#;

#[wasm_bindgen_test]
async fn a_submission_is_posted_with_its_key_as_its_customer() {
    let (net, _) = site();
    let _replaced = answering(r#"[{ status: 201, body: '{"reference":"DB-1"}' }]"#);
    let answer = net.post(post(Target::NewTicket, Credential::Token, "ada")).await;
    assert_eq!(answer, Answer::Accepted { response: r#"{"reference":"DB-1"}"#.into() });
    net.post(post(Target::Reply("t1".into()), Credential::Session, "ada")).await;
    // Somebody else is here by now.
    net.post(post(Target::NewTicket, Credential::Token, "bob")).await;
    let answer = net.post(post(Target::Reply("t1".into()), Credential::Token, "bob")).await;
    assert_eq!(answer, Answer::Unauthorised);
    assert_eq!(
        asked(),
        [
            "https://gateway.invalid/v1/sites/acme/tickets Bearer t1 k1 {}",
            "https://gateway.invalid/v1/sites/acme/tickets/t1/messages  k1 {}",
            "https://gateway.invalid/v1/sites/acme/tickets  k1 {}",
        ]
    );
}

#[wasm_bindgen_test]
async fn a_refused_token_is_replaced_once_and_the_developer_told_why() {
    let (net, refused) = site();
    let _replaced = answering(&format!("[{UNAUTHORISED}]"));
    assert_eq!(net.post(post(Target::NewTicket, Credential::Token, "ada")).await, Answer::Unauthorised);
    assert_eq!(refused.borrow().len(), 0);
    assert_eq!(net.post(post(Target::NewTicket, Credential::FreshToken, "ada")).await, Answer::Unauthorised);
    assert_eq!(refused.borrow().len(), 1);
    let found = asked();
    assert!(found[0].contains(" Bearer t1 ") && found[1].contains(" Bearer t1+ "), "{found:?}");
}

#[wasm_bindgen_test]
async fn a_request_that_is_blocked_alone_is_told_from_one_that_reaches_nobody() {
    let (net, _) = site();
    let unknown = |cause| Answer::Unknown { cause, retry_after_ms: 0 };
    let send = || net.post(post(Target::NewTicket, Credential::Session, ""));
    {
        let _replaced = answering("[{ status: 0 }, { status: 0 }, { status: 200, body: '{\"bytes\":2}' }]");
        assert_eq!(send().await, unknown(Cause::Unreachable));
        assert_eq!(send().await, unknown(Cause::Blocked), "the second time something small gets through");
        assert!(asked()[2].starts_with("https://gateway.invalid/v1/probe "), "{:?}", asked());
    }
    {
        let _replaced = answering("[{ status: 404, body: '<html>' }, { status: 200, body: '{\"bytes\":2}' }]");
        assert_eq!(send().await, unknown(Cause::Blocked));
    }
    {
        let _replaced = answering("[{ status: 404, body: '<html>' }]");
        assert_eq!(send().await, unknown(Cause::Unreachable));
    }
    {
        // A rule of a firewall; nothing else has to be asked.
        let _replaced = answering("[{ status: 403, body: '<html>' }]");
        assert_eq!(send().await, unknown(Cause::Blocked));
    }
    let _replaced = answering("[{ status: 503, body: '', after: '7' }]");
    assert_eq!(send().await, Answer::Unknown { cause: Cause::Fault, retry_after_ms: 7000 });
}

/// Replaces the browser's uploads by ones that end with a status, or never.
fn uploading(status: &str) -> super::Replaced {
    js("globalThis.asked = []");
    replace(
        "XMLHttpRequest",
        &format!(
            "value: class {{
                upload = {{}};
                status = 0;
                responseText = '{{\"code\":\"x\",\"title\":\"x\"}}';
                headers = '';
                open(method, url) {{ this.url = method + ' ' + url }}
                setRequestHeader(name, value) {{ this.headers += ' ' + name + '=' + value }}
                getAllResponseHeaders() {{ return 'retry-after: 9\\r\\n' }}
                abort() {{ asked.push('aborted'); this.onloadend?.({{}}) }}
                send() {{
                    asked.push(this.url + this.headers);
                    this.upload.onprogress?.({{ loaded: 1, total: 4 }});
                    if ({status} !== undefined) setTimeout(() => {{ this.status = {status}; this.onloadend?.({{}}) }});
                }}
            }}"
        ),
    )
}

fn upload(customer: Option<&str>) -> Upload {
    Upload {
        id: "a1".into(),
        name: "a b.png".into(),
        bytes: js("return new Blob(['abc'])"),
        customer: customer.map(CustomerId::from),
        session: "s".into(),
    }
}

#[wasm_bindgen_test]
async fn an_attachment_is_uploaded_as_its_customer() {
    let (net, refused) = site();
    let part = Rc::new(Cell::new(0.0));
    let send = |customer| {
        let part = part.clone();
        net.upload(upload(customer), Box::new(move |moved| part.set(moved)))
    };
    {
        let _replaced = uploading("201");
        assert_eq!(send(None).await, UploadOutcome::Uploaded { has_metadata: false });
        assert_eq!(part.get(), 0.25);
        let url = "PUT https://gateway.invalid/v1/sites/acme/attachments/a1?name=a%20b.png Deskbell-Session=s";
        assert_eq!(asked()[0], url);
    }
    {
        let _replaced = uploading("429");
        assert_eq!(send(None).await, UploadOutcome::Busy { retry_after_ms: 9000 });
    }
    let _replaced = uploading("401");
    // With two tokens, and then without.
    assert_eq!(send(Some("ada")).await, UploadOutcome::Refused("x".into()));
    let sent: Vec<String> = asked().into_iter().filter(|line| line.starts_with("PUT")).collect();
    assert!(sent[0].ends_with("Bearer t1") && sent[1].ends_with("Bearer t1+") && sent[2].ends_with("=s"), "{sent:?}");
    assert_eq!((sent.len(), refused.borrow().len()), (3, 1));
}

#[wasm_bindgen_test]
async fn an_upload_that_is_dropped_is_aborted() {
    let (net, _) = site();
    let _replaced = uploading("undefined");
    let ended = DeviceClock.within(Duration::from_millis(50), net.upload(upload(None), Box::new(|_| {}))).await;
    assert_eq!(ended, None);
    assert_eq!(asked()[1], "aborted");
}

#[wasm_bindgen_test]
async fn a_task_ends_when_it_is_dropped() {
    let count = Rc::new(Cell::new(0));
    let run = || {
        let count = count.clone();
        Task::run(async move {
            pass(20).await;
            count.set(count.get() + 1);
        })
    };
    let kept = run();
    drop(run());
    until(|| count.get() == 1).await;
    pass(40).await;
    assert_eq!(count.get(), 1);
    drop(kept);
}
