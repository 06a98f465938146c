//! Attachments, as the loader's scripts store and upload them (`loader/attachments.js`). The owner of some is the id of a draft, or `reply:` and
//! the id of a ticket; empty stands for the current draft.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap, ImageBitmapOptions, ResizeQuality};

use super::HtmlElement;
use super::dom;
use super::loader::Loader;
use wire::Source;

#[wasm_bindgen]
extern "C" {
    /// The loader, as far as it concerns attachments.
    type Attachments;
    #[wasm_bindgen(method)]
    fn attachments(this: &Attachments) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn attached(this: &Attachments, owner: &str) -> JsValue;
    #[wasm_bindgen(method, js_name = restoreAttached)]
    fn restore_attached(this: &Attachments, owner: &str);
    #[wasm_bindgen(method)]
    fn choose(this: &Attachments, owner: &str, accept: &str);
    #[wasm_bindgen(method)]
    fn upload(this: &Attachments, id: &str);
    #[wasm_bindgen(method)]
    fn detach(this: &Attachments, id: &str);
    #[wasm_bindgen(method)]
    fn shoot(this: &Attachments, owner: &str, id: &str) -> js_sys::Promise;
    #[wasm_bindgen(method, js_name = attachedBlob)]
    fn attached_blob(this: &Attachments, id: &str) -> JsValue;
}

/// Loads what shows attachments, and their texts. `None` if that fails.
pub async fn load(loader: &Loader) -> Option<JsValue> {
    JsFuture::from(attachments(loader).attachments()).await.ok()
}

/// The attachments of an owner, and what the site accepts.
pub fn read(loader: &Loader, owner: &str) -> JsValue {
    attachments(loader).attached(owner)
}

/// Reads the attachments of an owner that are stored on the device.
pub fn restore(loader: &Loader, owner: &str) {
    attachments(loader).restore_attached(owner);
}

/// Opens the browser's dialog and adds what is chosen. `accept` lists the types that the dialog offers, as the attribute of that name.
pub fn choose(loader: &Loader, owner: &str, accept: &str) {
    attachments(loader).choose(owner, accept);
}

/// Uploads an attachment again.
pub fn upload(loader: &Loader, id: &str) {
    attachments(loader).upload(id);
}

/// Removes an attachment.
pub fn remove(loader: &Loader, id: &str) {
    attachments(loader).detach(id);
}

/// Takes a picture of the page, or edits the one with an id, and adds it. Returns whether a picture was replaced, or the code of what went wrong.
pub async fn shoot(loader: &Loader, owner: &str, id: &str) -> Result<bool, String> {
    let done = JsFuture::from(attachments(loader).shoot(owner, id)).await;
    done.map(|replaced| replaced.is_true()).map_err(|code| code.text())
}

/// Waits until a promise has settled.
pub async fn settled(promise: JsValue) {
    if let Ok(promise) = promise.dyn_into::<js_sys::Promise>() {
        // What has failed is in the state of the attachment.
        let _ = JsFuture::from(promise).await;
    }
}

/// Draws a picture into a canvas with sides of some pixels, cut to a square. On a canvas, because a strict policy blocks images from a `blob:`
/// address. The canvas stays empty if the browser cannot decode it, or if its attribute `holder` names another picture by then.
pub async fn draw_thumbnail(loader: &Loader, canvas: HtmlElement, id: &str, side: u32, holder: &str) {
    let Ok(canvas) = canvas.dyn_into::<HtmlCanvasElement>() else { return };
    // This also clears it.
    canvas.set_width(side);
    canvas.set_height(side);
    let Ok(blob) = attachments(loader).attached_blob(id).dyn_into::<Blob>() else { return };
    let options = ImageBitmapOptions::new();
    options.set_resize_width(side);
    options.set_resize_quality(ResizeQuality::Medium);
    let Some(Ok(decoding)) =
        dom::window().map(|window| window.create_image_bitmap_with_blob_and_image_bitmap_options(&blob, &options))
    else {
        return;
    };
    let Ok(bitmap) = JsFuture::from(decoding).await.map(ImageBitmap::from) else { return };
    if canvas.get_attribute(holder).as_deref() != Some(id) {
        return bitmap.close();
    }
    let context = canvas.get_context("2d").ok().flatten();
    if let Some(Ok(context)) = context.map(|context| context.dyn_into::<CanvasRenderingContext2d>()) {
        let side = f64::from(side);
        let (width, height) = (f64::from(bitmap.width()), f64::from(bitmap.height()));
        let scale = side / width.min(height);
        let (width, height) = (width * scale, height * scale);
        let (left, top) = ((side - width) / 2.0, (side - height) / 2.0);
        // Throws only for pictures that are closed.
        let _ = context.draw_image_with_image_bitmap_and_dw_and_dh(&bitmap, left, top, width, height);
    }
    bitmap.close();
}

fn attachments(loader: &Loader) -> Attachments {
    let loader: &JsValue = loader;
    loader.clone().into()
}
