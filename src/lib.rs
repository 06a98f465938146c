//! Deskbell, the help menu of somebody else's product.
//!
//! The package has two faces that the target decides: compiled to WebAssembly it is the [`widget`] that a page embeds,
//! compiled natively it is the `gateway` that stores tickets and answers searches. The rules that both carry out are in
//! the crate `domain`, which knows neither a browser nor a server.

#[cfg(not(target_arch = "wasm32"))]
pub mod gateway;

#[cfg(target_arch = "wasm32")]
pub mod widget;
