//! Mail in: what mail programs and servers send where a person, or a program, answers a mail of the gateway.

mod automatic;
mod bounces;
