//! IndexedDB: object stores are read as a whole and changed in one transaction.
//!
//! Everything between reading and writing happens in one callback of the database, so that a transaction cannot end in between, whatever a page
//! makes of promises.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wire::Source;

use super::read::property;

// web_sys has these as well, but transactions that are on disk before anything continues only as an unstable API.
#[wasm_bindgen]
extern "C" {
    type Factory;
    #[wasm_bindgen(method, catch)]
    fn open(this: &Factory, name: &str, version: u32) -> Result<Request, JsValue>;

    #[derive(Clone)]
    type Request;
    #[wasm_bindgen(method, getter, catch)]
    fn result(this: &Request) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, setter)]
    fn set_onsuccess(this: &Request, call: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onerror(this: &Request, call: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onblocked(this: &Request, call: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onupgradeneeded(this: &Request, call: &JsValue);

    #[derive(Clone, Debug)]
    type Connection;
    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &Connection,
        stores: &Array,
        mode: &str,
        options: &JsValue,
    ) -> Result<DatabaseTransaction, JsValue>;
    #[wasm_bindgen(method, catch, js_name = createObjectStore)]
    fn create_object_store(this: &Connection, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &Connection);
    #[wasm_bindgen(method, setter)]
    fn set_onclose(this: &Connection, call: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onversionchange(this: &Connection, call: &JsValue);

    #[derive(Clone)]
    type DatabaseTransaction;
    #[wasm_bindgen(method, catch, js_name = objectStore)]
    fn object_store(this: &DatabaseTransaction, name: &str) -> Result<ObjectStore, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn abort(this: &DatabaseTransaction) -> Result<(), JsValue>;
    #[wasm_bindgen(method, setter)]
    fn set_oncomplete(this: &DatabaseTransaction, call: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onabort(this: &DatabaseTransaction, call: &JsValue);

    type ObjectStore;
    #[wasm_bindgen(method, catch, js_name = getAll)]
    fn get_all(this: &ObjectStore) -> Result<Request, JsValue>;
    #[wasm_bindgen(method, catch, js_name = getAllKeys)]
    fn get_all_keys(this: &ObjectStore) -> Result<Request, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn put(this: &ObjectStore, value: &JsValue, key: &str) -> Result<Request, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn delete(this: &ObjectStore, key: &str) -> Result<Request, JsValue>;
}

/// The values of an object store, by their keys.
pub type Entries = Vec<(String, JsValue)>;

/// The database cannot be opened, is full, or has aborted a transaction. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// A change of an object store.
#[derive(Clone, Debug)]
pub enum Change {
    /// Stores a value.
    Put {
        /// The name of the object store.
        store: &'static str,
        /// The key.
        key: String,
        /// The value, which has to be one that can be cloned.
        value: JsValue,
    },
    /// Deletes a value, if there is one.
    Delete {
        /// The name of the object store.
        store: &'static str,
        /// The key.
        key: String,
    },
}

/// Whether a transaction changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It changes something, and is on disk when it ends.
    Write,
}

/// A database with object stores whose keys are texts. It is opened when it is needed, and again after its connection was lost.
#[derive(Debug)]
pub struct Database {
    name: &'static str,
    version: u32,
    stores: &'static [&'static str],
    connection: Rc<RefCell<Option<Connection>>>,
}

impl Database {
    /// A database with a name and a version. `stores` are created if it does not exist.
    pub fn new(name: &'static str, version: u32, stores: &'static [&'static str]) -> Database {
        Database { name, version, stores, connection: Rc::default() }
    }

    /// Runs a transaction on object stores: `decide` gets their values, in the order of `stores`, and returns the changes with a result. If the
    /// future is dropped before the end, the transaction is aborted, unless it is being written already, and the next one opens the database
    /// again.
    pub async fn transact<T: 'static>(
        &self,
        stores: &[&'static str],
        access: Access,
        decide: impl FnOnce(Vec<Entries>) -> (T, Vec<Change>) + 'static,
    ) -> Result<T, Unavailable> {
        let mut running = Running { connection: self.connection.clone(), transaction: None, is_over: false };
        let transaction = self.begin(stores, access).await?;
        running.transaction = Some(transaction.clone());
        let result = Rc::new(RefCell::new(None));
        start(&transaction, stores, decide, result.clone()).map_err(|_| Unavailable)?;
        let ended = settled(|resolve, reject| {
            transaction.set_oncomplete(resolve);
            transaction.set_onabort(reject);
        });
        let ended = ended.await;
        running.is_over = true;
        ended.map_err(|_| Unavailable)?;
        result.take().ok_or(Unavailable)
    }

    /// Safari ends the connection of a page in the background without saying so: then it is opened again.
    async fn begin(&self, stores: &[&str], access: Access) -> Result<DatabaseTransaction, Unavailable> {
        let names: Array = stores.iter().map(|name| JsValue::from_str(name)).collect();
        let mode = if access == Access::Write { "readwrite" } else { "readonly" };
        let options = Object::new();
        // Fails only on frozen objects, and this one is ours.
        let _ = Reflect::set(&options, &"durability".into(), &"strict".into());
        for _ in 0..2 {
            let connection = self.connect().await?;
            if let Ok(transaction) = connection.transaction(&names, mode, &options) {
                return Ok(transaction);
            }
            self.connection.take();
        }
        Err(Unavailable)
    }

    async fn connect(&self) -> Result<Connection, Unavailable> {
        if let Some(connection) = self.connection.borrow().clone() {
            return Ok(connection);
        }
        let factory: Factory = property(&js_sys::global(), "indexedDB").unchecked_into();
        let request = factory.open(self.name, self.version).map_err(|_| Unavailable)?;
        let (created, stores) = (request.clone(), self.stores);
        let create = move || {
            let Ok(database) = created.result() else { return };
            for name in stores {
                // One that cannot be created fails the transactions that need it.
                let _ = database.unchecked_ref::<Connection>().create_object_store(name);
            }
        };
        request.set_onupgradeneeded(&Closure::once_into_js(create));
        let opened = settled(|resolve, reject| {
            request.set_onsuccess(resolve);
            request.set_onerror(reject);
            request.set_onblocked(reject);
        });
        opened.await.map_err(|_| Unavailable)?;
        let connection: Connection = request.result().map_err(|_| Unavailable)?.unchecked_into();
        let (slot, own) = (self.connection.clone(), connection.clone());
        // A newer version in another tab, or the browser, closes it: the next transaction opens it again.
        let lose = Closure::<dyn FnMut()>::new(move || {
            own.close();
            slot.take();
        });
        let lose = lose.into_js_value();
        connection.set_onclose(&lose);
        connection.set_onversionchange(&lose);
        self.connection.replace(Some(connection.clone()));
        Ok(connection)
    }
}

/// A transaction that has not ended.
struct Running {
    connection: Rc<RefCell<Option<Connection>>>,
    transaction: Option<DatabaseTransaction>,
    is_over: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Some(transaction) = &self.transaction {
            // Fails if it has ended.
            let _ = transaction.abort();
        }
        // Whatever was too slow or has failed may be so again.
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
    }
}

/// Requests the values, and decides when the last of them is there.
fn start<T: 'static>(
    transaction: &DatabaseTransaction,
    stores: &[&'static str],
    decide: impl FnOnce(Vec<Entries>) -> (T, Vec<Change>) + 'static,
    result: Rc<RefCell<Option<T>>>,
) -> Result<(), JsValue> {
    let mut requests = Vec::new();
    for name in stores {
        let store = transaction.object_store(name)?;
        requests.push((store.get_all_keys()?, store.get_all()?));
    }
    let last = requests.last().map(|(_, values)| values.clone());
    let own = transaction.clone();
    let call = move || {
        let entries: Result<Vec<Entries>, JsValue> = requests.iter().map(entries).collect();
        let done = entries.and_then(|entries| {
            let (value, changes) = decide(entries);
            changes.iter().try_for_each(|change| carry_out(&own, change))?;
            Ok(value)
        });
        match done {
            Ok(value) => drop(result.replace(Some(value))),
            // Fails if it has ended.
            Err(_) => drop(own.abort()),
        }
    };
    if let Some(last) = last {
        last.set_onsuccess(&Closure::once_into_js(call));
    }
    Ok(())
}

fn entries((keys, values): &(Request, Request)) -> Result<Entries, JsValue> {
    let (keys, values) = (keys.result()?.items(), values.result()?.items());
    let entries = keys.into_iter().zip(values);
    Ok(entries.filter_map(|(key, value)| Some((key.as_string()?, value))).collect())
}

fn carry_out(transaction: &DatabaseTransaction, change: &Change) -> Result<(), JsValue> {
    match change {
        Change::Put { store, key, value } => transaction.object_store(store)?.put(value, key).map(drop),
        Change::Delete { store, key } => transaction.object_store(store)?.delete(key).map(drop),
    }
}

/// A promise that is settled by the two functions that `listen` gets.
fn settled(listen: impl Fn(&JsValue, &JsValue)) -> JsFuture {
    let mut executor = |resolve: Function, reject: Function| listen(&resolve, &reject);
    JsFuture::from(Promise::new(&mut executor))
}
