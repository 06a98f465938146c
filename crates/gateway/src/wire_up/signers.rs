//! The signers of a site, created from their tables in the configuration.

use std::time::Duration;

use jiff::SignedDuration;

use crate::config::{self, OneOrMany, SignerAlgorithm, SignerTable};
use identity::{CLAIMS, Jwks, LIFETIME_JWKS, TokenSigner};

/// The allowed range of the maximum lifetime of an identity provider's tokens.
const LIFETIMES: std::ops::RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(7 * 24 * 3600);

/// The signers of a site, or the invalid field and the reason.
pub fn signers(tables: &[SignerTable]) -> Result<Vec<TokenSigner>, (String, String)> {
    let mut signers: Vec<TokenSigner> = Vec::new();
    let needs_kid = tables.iter().filter(|table| table.jwks_url.is_none()).count() > 1;
    for (index, table) in tables.iter().enumerate() {
        let wrong = |(field, message): (&str, String)| (format!("signers[{index}].{field}"), message);
        let signer = signer(table).map_err(wrong)?;
        let is_taken = |kid: &str| kid.is_empty() || signers.iter().any(|other| other.kid() == Some(kid));
        if needs_kid && signer.kid().is_some_and(is_taken) {
            return Err(wrong(("kid", "must be unique if there are several signers; tokens refer to it".into())));
        }
        signers.push(signer);
    }
    Ok(signers)
}

fn signer(table: &SignerTable) -> Result<TokenSigner, (&'static str, String)> {
    let mut signer = match table.jwks_url {
        Some(_) => published(table)?,
        None => fixed(table)?,
    };
    let name = |text: &String| !text.trim().is_empty();
    if let Some(issuer) = &table.issuer {
        signer.issuer = Some(issuer.clone()).filter(name);
        if signer.issuer.is_none() {
            return Err(("issuer", "must not be empty; use the iss of the tokens, or remove it".into()));
        }
    }
    signer.audience = match &table.audience {
        None => Vec::new(),
        Some(OneOrMany::One(one)) => vec![one.clone()],
        Some(OneOrMany::Many(many)) if many.is_empty() => vec![String::new()],
        Some(OneOrMany::Many(many)) => many.clone(),
    };
    if !signer.audience.iter().all(name) {
        return Err((
            "audience",
            "must not be empty; use the aud of the tokens, or remove it if that is the site's name".into(),
        ));
    }
    if let Some(unknown) = table.claims.keys().find(|claim| !CLAIMS.contains(&claim.as_str())) {
        return Err(("claims", format!("unknown claim {unknown:?}; known are {}", CLAIMS.join(", "))));
    }
    if let Some((claim, _)) = table.claims.iter().find(|(_, from)| !name(from)) {
        return Err((
            "claims",
            format!("{claim} is empty; use the name of the claim in tokens, or its JSON Pointer (\"/a/b\")"),
        ));
    }
    signer.claims = table.claims.clone();
    Ok(signer)
}

/// The signer of an identity provider.
fn published(table: &SignerTable) -> Result<TokenSigner, (&'static str, String)> {
    let SignerTable { kid, algorithm, secret, secret_file, public_key, public_key_file, .. } = table;
    let others = [
        ("kid", !kid.is_empty()),
        ("algorithm", algorithm.is_some()),
        ("secret", secret.is_some()),
        ("secret_file", secret_file.is_some()),
        ("public_key", public_key.is_some()),
        ("public_key_file", public_key_file.is_some()),
    ];
    if let Some((field, _)) = others.into_iter().find(|(_, is_given)| *is_given) {
        return Err((field, "cannot be combined with jwks_url, because the published keys define it".into()));
    }
    let url = table.jwks_url.as_deref().unwrap_or_default();
    let jwks = Jwks::new(url, table.private).map_err(|error| ("jwks_url", error.to_string()))?;
    let lifetime = table.max_age.as_deref().map_or(Some(LIFETIME_JWKS), |text| {
        let lifetime: Duration = text.parse::<SignedDuration>().ok()?.try_into().ok()?;
        LIFETIMES.contains(&lifetime).then_some(lifetime)
    });
    let lifetime = lifetime.ok_or_else(|| {
        let text = table.max_age.as_deref().unwrap_or_default();
        (
            "max_age",
            format!("{text:?} is not a duration from 1 minute to 168 hours, such as \"1 hour\" or \"24 hours\""),
        )
    })?;
    let mut signer = TokenSigner::published(jwks);
    signer.lifetime = lifetime;
    Ok(signer)
}

/// The signer of a configured key.
fn fixed(table: &SignerTable) -> Result<TokenSigner, (&'static str, String)> {
    let SignerTable { kid, algorithm, secret, secret_file, public_key, public_key_file, .. } = table;
    if table.max_age.is_some() {
        return Err((
            "max_age",
            "can be used with jwks_url only; tokens signed by your server are valid for 15 minutes at most".into(),
        ));
    }
    if table.private {
        return Err(("private", "can be used with jwks_url only".into()));
    }
    let algorithm = algorithm.ok_or_else(|| {
        (
            "algorithm",
            "missing; use \"HS256\" or \"EdDSA\", or jwks_url for the keys of an identity provider".to_string(),
        )
    })?;
    let (fields, other, key_field) = match algorithm {
        SignerAlgorithm::Hs256 => {
            (["secret", "secret_file"], public_key.is_some() || public_key_file.is_some(), (secret, secret_file))
        }
        SignerAlgorithm::EdDsa => (
            ["public_key", "public_key_file"],
            secret.is_some() || secret_file.is_some(),
            (public_key, public_key_file),
        ),
    };
    let [inline, file] = fields;
    if other {
        return Err(("algorithm", format!("requires {inline} or {file}")));
    }
    let (field, text) = match key_field {
        (Some(source), None) => (inline, source.read().map_err(|message| (inline, message))?),
        (None, Some(path)) => (file, config::read_text(path).map_err(|error| (file, error.to_string()))?),
        (Some(_), Some(_)) => return Err((file, format!("cannot be combined with {inline}; keep one of the two"))),
        (None, None) => return Err((inline, format!("missing; set it or {file}"))),
    };
    let signer = match algorithm {
        SignerAlgorithm::Hs256 => TokenSigner::hs256(kid, text.trim().as_bytes()),
        SignerAlgorithm::EdDsa => TokenSigner::eddsa(kid, &text),
    };
    signer.map_err(|error| (field, error.to_string()))
}
