//! Files that support asks for: each is accepted with the type of its content, under a safe name, or refused.

use axum::body::Body;
use axum::http::Method;
use deskbell_core::rules::file_formats as formats;
use domain::attachment::FileType;
use gateway::config::Overrides;
use serde::Deserialize;
use serde_json::json;

use crate::rows::read;
use crate::support::{Gateway, gateway_with, post, request, ticket};

const SESSION: &str = "00112233445566778899aabbccddeeff";
const SITES: &str = "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\nuploads = 1000000\n\
    [sites.texts]\norigins = [\"*\"]\nattachments = { types = [\"text/plain\"] }\n";

#[derive(Deserialize)]
struct Case {
    /// Its original name.
    file: String,
    /// Its content, with escapes.
    #[serde(default)]
    bytes: String,
    /// Or a text, in an encoding.
    #[serde(default)]
    text: String,
    #[serde(default)]
    encoding: String,
    /// How many zeros precede it, and how many bytes of a program follow it.
    #[serde(default)]
    before: usize,
    #[serde(default)]
    pad: usize,
    /// The accepted type; empty if it is refused.
    #[serde(default)]
    taken: String,
    /// Its stored name.
    #[serde(default)]
    kept: String,
    /// The media type that destinations get.
    #[serde(default)]
    media: String,
}

#[tokio::test]
async fn common_support_files_are_accepted_by_type() {
    let gateway = gateway_with(SITES, Overrides::default()).await;
    let rows = read::<Case>(include_str!("table.toml"));
    let mut failures = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        if let Err(error) = check(&gateway, number, &row.case).await {
            failures.push(format!("{}: {error}", row.name));
        }
    }
    assert!(failures.is_empty(), "{} of {} rows fail:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

async fn check(gateway: &Gateway, number: usize, case: &Case) -> Result<(), String> {
    let answer = put(gateway, "trusting", number, &case.file, contents(case)).await;
    if case.taken.is_empty() {
        let problem = answer.text();
        return match answer.status.as_u16() == 415 && problem.contains("ZIP archive") {
            true => Ok(()),
            false => Err(format!("{}: {problem}", answer.status)),
        };
    }
    if answer.status != 201 {
        return Err(format!("{}: {}", answer.status, answer.text()));
    }
    let stored = answer.json();
    let found = (stored["type"].as_str().unwrap_or_default(), stored["name"].as_str().unwrap_or_default());
    if found != (case.taken.as_str(), case.kept.as_str()) {
        return Err(format!("it is {found:?}"));
    }
    let media = formats::media(FileType::from_word(found.0).unwrap(), found.1);
    if media == case.media { Ok(()) } else { Err(format!("destinations are told {media}")) }
}

#[tokio::test]
async fn accepted_files_are_downloaded_and_never_displayed() {
    let gateway = gateway_with(SITES, Overrides::default()).await;
    let files: [(&str, &[u8]); 3] = [
        ("clip.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
        ("page.html", b"\xff\xfe<\0h\0t\0m\0l\0>\0"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
    ];
    let mut ids = Vec::new();
    for (number, (name, bytes)) in files.iter().enumerate() {
        let answer = put(&gateway, "trusting", number, name, bytes.to_vec()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        ids.push(id(number));
    }
    let mut new = ticket("It broke");
    new["attachments"] = json!(ids);
    let answer = gateway.send(post("trusting", "key", Some(SESSION), &new)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let path = format!("/v1/sites/trusting/tickets/{}/messages", answer.json()["id"].as_str().unwrap());
    let asks = request(Method::GET, &path).header("deskbell-session", SESSION).body(Body::empty()).unwrap();
    let messages = gateway.send(asks).await.json();
    let attached = messages["messages"][0]["attachments"].as_array().unwrap().clone();
    assert_eq!(attached.len(), 3);
    for file in attached {
        let served = gateway.get(file["url"].as_str().unwrap()).await;
        assert_eq!(served.status, 200);
        assert_eq!(served.header("content-type"), "application/octet-stream", "{file}");
        assert_eq!(served.header("x-content-type-options"), "nosniff");
        assert!(served.header("content-disposition").starts_with("attachment;"), "{file}");
        assert!(served.header("content-security-policy").contains("sandbox"));
    }
}

#[tokio::test]
async fn sites_that_accept_texts_accept_every_encoding() {
    let gateway = gateway_with(SITES, Overrides::default()).await;
    for (number, (name, bytes, status)) in [
        ("a.log", &b"\xff\xfea\0b\0c\0\r\0\n\0"[..], 201),
        ("b.log", b"Gr\xf6\xdfe: 7, and more of it\r\n", 201),
        ("c.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", 415),
        ("d.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", 415),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = put(&gateway, "texts", number, name, bytes.to_vec()).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        // It does not accept archives either, so none is suggested.
        assert!(!answer.text().contains("ZIP"), "{}", answer.text());
    }
}

async fn put(gateway: &Gateway, site: &str, number: usize, name: &str, bytes: Vec<u8>) -> crate::support::Answer {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let request = request(Method::PUT, &format!("/v1/sites/{site}/attachments/{}?name={name}", id(number)))
        .header("deskbell-session", SESSION)
        .header("content-length", bytes.len())
        .body(Body::from(bytes));
    gateway.send(request.unwrap()).await
}

fn id(number: usize) -> String {
    format!("0a1b2c3d-4e5f-4071-8293-{number:012}")
}

fn contents(case: &Case) -> Vec<u8> {
    let mut bytes = vec![0; case.before];
    match case.encoding.as_str() {
        "" => bytes.extend(unescaped(&case.bytes)),
        "utf-8" => bytes.extend(case.text.as_bytes()),
        "utf-8-bom" => bytes.extend([b"\xef\xbb\xbf", case.text.as_bytes()].concat()),
        "utf-16le" => bytes.extend(case.text.encode_utf16().flat_map(u16::to_le_bytes)),
        "utf-16be" => bytes.extend(case.text.encode_utf16().flat_map(u16::to_be_bytes)),
        "utf-16le-bom" => bytes.extend(format!("\u{feff}{}", case.text).encode_utf16().flat_map(u16::to_le_bytes)),
        "utf-16be-bom" => bytes.extend(format!("\u{feff}{}", case.text).encode_utf16().flat_map(u16::to_be_bytes)),
        "utf-32le-bom" => {
            bytes.extend(format!("\u{feff}{}", case.text).chars().flat_map(|c| u32::from(c).to_le_bytes()));
        }
        label => {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let (encoded, _, is_lossy) = encoding.encode(&case.text);
            assert!(!is_lossy, "{} has letters that {label} lacks", case.text);
            bytes.extend(encoded.into_owned());
        }
    }
    // Bytes as in programs.
    bytes.extend((0..case.pad).map(|index| [0x00, 0x48, 0x89, 0xe5, 0x05, 0x01, 0xff, 0x15][index % 8]));
    bytes
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next() {
                Some(b'0') => 0,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b'x') => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => panic!("{other:?} is no escape"),
            },
            byte => byte,
        });
    }
    bytes
}
