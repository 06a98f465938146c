//! What an anonymous client can make the gateway do, keep or send.

mod private_files;
mod status;
