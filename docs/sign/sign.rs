//! Signs who is there, on the host's server. Wants the crates base64, ring and serde_json.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use ring::hmac;
use serde_json::{Value, json};

/// A token for a customer, good for five minutes.
///
/// `secret` is that of the site's signer, `site` its name in the gateway's configuration. `user` is an object with `sub`, the
/// host's own id of the customer, and may have `name`, `email`, `email_verified` (they have shown that it is theirs), `plan`,
/// `role`, `organization` (`id`, `name`), `priority` (`high`, `medium`, `low`) and `channels`.
pub fn sign(secret: &str, site: &str, mut user: Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    user["aud"] = json!(site);
    user["iat"] = json!(now);
    user["exp"] = json!(now + 300);
    let part = |value: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(value);
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let message = format!("{}.{}", part(header.to_string().as_bytes()), part(user.to_string().as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    format!("{message}.{}", part(tag.as_ref()))
}
