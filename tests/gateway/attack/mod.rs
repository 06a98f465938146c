//! What an anonymous client can make the gateway do, store or send.

mod charges;
mod connections;
mod cost;
mod counting;
mod files;
mod hooks;
mod identity;
mod imports;
mod inbox_access;
mod mails;
mod private_files;
mod proxies;
mod shares;
mod status;
mod submissions;
