//! Tokens of real libraries and identity providers: each signs the customer in, or the refusal says why not.

mod keys;
mod rotation;

use axum::body::Body;
use axum::http::{Method, Request};
use gateway::config::Overrides;
use serde::Deserialize;
use serde_json::{Value, json};

use self::keys::{Provider, key_set, sign};
use crate::rows;
use crate::support::{Answer, Gateway, ORIGIN, SECRET, gateway_with, post, request, ticket};

/// A row of the table. In `claims`, `NOW` with a number after it (`NOW+300`, `NOW-60.5`) is a time.
#[derive(Debug, Deserialize)]
struct Case {
    /// The site that it is sent to.
    #[serde(default = "host")]
    site: String,
    /// The signing key; see `keys::sign`.
    #[serde(default = "secret")]
    key: String,
    /// The header, if it is not that of the key.
    header: Option<String>,
    claims: String,
    /// The code of the refusal, and a part of its text.
    refused: Option<String>,
    #[serde(default)]
    says: String,
    /// What the ticket has, `name = value` for each; only differences from the customer with the id `u-7`.
    #[serde(default)]
    person: Person,
    #[serde(default)]
    priority: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Person {
    id: String,
    name: String,
    email: String,
    plan: String,
    role: String,
    organization: String,
    organization_name: String,
}

impl Default for Person {
    fn default() -> Person {
        let empty = String::new;
        Person {
            id: "u-7".into(),
            name: empty(),
            email: empty(),
            plan: empty(),
            role: empty(),
            organization: empty(),
            organization_name: empty(),
        }
    }
}

fn host() -> String {
    "host".into()
}

fn secret() -> String {
    "secret".into()
}

/// The sites of the table: one for each way to sign tokens.
fn sites(provider: &Provider) -> String {
    let url = provider.url("/keys");
    let site = |name: &str, signer: &str| {
        format!("[sites.{name}]\norigins = [{ORIGIN:?}]\n[[sites.{name}.signers]]\n{signer}\n")
    };
    let from = |name: &str, more: &str| site(name, &format!("jwks_url = {url:?}\n{more}"));
    let ed = format!("algorithm = \"EdDSA\"\nkid = \"e\"\npublic_key = \"\"\"{}\"\"\"", keys::ed25519_pem());
    let lines = [
        "[limits]\nsession = 100000\nsite = 100000\naddress = 1000000\n".to_string(),
        site("host", &format!("algorithm = \"HS256\"\nsecret = {SECRET:?}")),
        site("named", &format!("algorithm = \"HS256\"\nkid = \"h\"\nsecret = {SECRET:?}")),
        site("two", &format!("algorithm = \"HS256\"\nkid = \"h\"\nsecret = {SECRET:?}\n[[sites.two.signers]]\n{ed}")),
        site(
            "both",
            &format!("algorithm = \"HS256\"\nsecret = {SECRET:?}\n[[sites.both.signers]]\njwks_url = {url:?}"),
        ),
        from("bare", ""),
        from(
            "clients",
            &format!("audience = \"web\"\n[[sites.clients.signers]]\njwks_url = {url:?}\naudience = \"app\""),
        ),
        from("hour", "max_age = \"1 hour\""),
        from(
            "auth0",
            "issuer = \"https://acme.eu.auth0.com/\"\naudience = \"my_client_id\"\n\
             claims = { plan = \"https://acme.example/plan\", organization_id = \"org_id\", organization_name = \"org_name\" }",
        ),
        from(
            "cognito",
            "issuer = \"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI\"\naudience = \"xxxxxxxxxxxxexample\"\n\
             claims = { name = \"cognito:username\", plan = \"custom:plan\", role = \"cognito:groups\" }",
        ),
        from(
            "cognito-access",
            "issuer = \"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI\"\naudience = \"xxxxxxxxxxxxexample\"\n\
             claims = { aud = \"client_id\", name = \"username\" }",
        ),
        from("firebase", "issuer = \"https://securetoken.google.com/acme\"\naudience = \"acme\""),
        from(
            "clerk",
            "issuer = \"https://clerk.acme.example\"\naudience = \"https://app.acme.example\"\n\
             claims = { aud = \"azp\", organization_id = \"/o/id\", organization_name = \"/o/slg\", role = \"/o/rol\" }",
        ),
        from("keycloak", "audience = [\"acme\", \"account\"]\nclaims = { role = \"/realm_access/roles\" }"),
        from(
            "azure",
            "audience = \"6731de76-14a6-49ae-97bc-6eba6914391e\"\nclaims = { sub = \"oid\", email = \"preferred_username\" }",
        ),
        from(
            "azure-edov",
            "audience = \"6731de76-14a6-49ae-97bc-6eba6914391e\"\nclaims = { sub = \"oid\", email_verified = \"xms_edov\" }",
        ),
        from(
            "okta",
            "issuer = \"https://acme.okta.com/oauth2/default\"\naudience = \"api://default\"\nclaims = { sub = \"uid\", email = \"sub\" }",
        ),
        from(
            "supabase",
            "audience = \"authenticated\"\nclaims = { name = \"/user_metadata/full_name\", plan = \"/app_metadata/plan\" }",
        ),
    ];
    lines.concat()
}

/// A site with the keys of a provider, with additional configuration for its signer.
fn provider_site(provider: &Provider, more: &str) -> String {
    let url = provider.url("/keys");
    format!("[sites.bare]\norigins = [{ORIGIN:?}]\n[[sites.bare.signers]]\njwks_url = {url:?}\n{more}\n")
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Claims with `NOW` replaced by times.
fn with_times(claims: &str, now: i64) -> String {
    let mut parts = claims.split("NOW");
    let mut written = parts.next().unwrap().to_string();
    for part in parts {
        let end = part[1..].find(|c: char| !c.is_ascii_digit()).map_or(part.len(), |end| end + 1);
        let (offset, rest) = part.split_at(end);
        written += &format!("{}{rest}", now + offset.parse::<i64>().unwrap());
    }
    written
}

fn signed(site: &str, key: &str, token: &str) -> Request<Body> {
    let mut request = post(site, key, None, &ticket("One"));
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// The response of the configuration endpoint to a token.
async fn config(gateway: &Gateway, site: &str, token: &str) -> Answer {
    let request = request(Method::GET, &format!("/v1/sites/{site}/config"));
    gateway.send(request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap()).await
}

/// The code of the refusal; empty if the token is valid.
async fn refused(gateway: &Gateway, site: &str, token: &str) -> String {
    let answer = config(gateway, site, token).await;
    if answer.status == 200 { String::new() } else { answer.problem().1 }
}

#[tokio::test]
async fn tokens_of_libraries_and_providers_work_or_are_refused_with_a_reason() {
    let rows = rows::read::<Case>(include_str!("table.toml"));
    let provider = Provider::start(key_set()).await;
    let gateway = gateway_with(&sites(&provider), Overrides::default()).await;
    let mut answers = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let token = sign(&row.case.key, row.case.header.as_deref(), &with_times(&row.case.claims, now()));
        answers.push((row.name.clone(), gateway.send(signed(&row.case.site, &format!("row-{number}"), &token)).await));
    }
    let tickets = gateway.tickets().await;
    let answered = |name: &str| &answers.iter().find(|(row, _)| row == name).unwrap().1;
    let names: Vec<(&Case, &str)> = rows.iter().map(|row| (&row.case, row.name.as_str())).collect();
    rows::check_all(&rows, |case| {
        let name = names.iter().find(|(row, _)| std::ptr::eq(*row, case)).unwrap().1;
        let answer = answered(name);
        if let Some(code) = &case.refused {
            let body = answer.text();
            let is_right = answer.status == 401
                && answer.problem() == (401, code.clone())
                && answer.json()["title"].as_str().unwrap().contains(&case.says);
            return if is_right { Ok(()) } else { Err(format!("{} {body}", answer.status)) };
        }
        if answer.status != 201 {
            return Err(answer.text());
        }
        let id = answer.json()["id"].as_str().unwrap().to_string();
        let stored = tickets.iter().find(|ticket| ticket.id == *id).unwrap();
        let user = stored.ticket.context.user.clone().unwrap();
        let person = Person {
            id: stored.person.as_ref().unwrap().to_string(),
            name: user.name,
            email: user.email,
            plan: user.plan,
            role: user.role,
            organization: user.organization.id,
            organization_name: user.organization.name,
        };
        let priority =
            stored.priority.map(|priority| json!(priority).as_str().unwrap().to_string()).unwrap_or_default();
        match person == case.person && priority == case.priority {
            true => Ok(()),
            false => Err(format!("{person:?} {priority:?}")),
        }
    });
    // All of that with the keys of one fetch; unknown keys in the table may cause two more fetches.
    assert!(provider.requests() <= 3 * sites(&provider).matches("jwks_url").count(), "{}", provider.requests());
}

#[tokio::test]
async fn refusals_quote_little_of_the_token_and_never_its_signature() {
    let provider = Provider::start(key_set()).await;
    let gateway = gateway_with(&sites(&provider), Overrides::default()).await;
    let long = "x".repeat(5000);
    let claims = json!({"sub": "u-7", "aud": long, "exp": now() + 300, "iss": long, "email": "ada@example.com"});
    for (site, key, header) in [
        ("host", "secret", None),
        ("auth0", "rsa", None),
        ("two", "secret", Some(json!({"alg": "HS256", "kid": long}).to_string())),
    ] {
        let token = sign(key, header.as_deref(), &claims.to_string());
        let answer = config(&gateway, site, &token).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.body.len() < 500 && !answer.text().contains("ada@example.com"), "{}", answer.text());
    }
    let Value::String(title) = config(&gateway, "host", &"a".repeat(17_000)).await.json()["title"].take() else {
        panic!("no title")
    };
    assert!(title.contains("longer than 16000 bytes"), "{title}");
}
