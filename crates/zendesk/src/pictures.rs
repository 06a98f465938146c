//! Inline pictures and files of a comment. Their addresses require a login at Zendesk, so in the text they are replaced by their names, and
//! they become attachments.

use reqwest::Url;

use crate::answers::CommentFile;
use crate::client::file_at;

/// The name of the account's file at an address; none if it is no such address.
pub fn name(account: &Url, url: &Url, files: &[CommentFile]) -> Option<String> {
    let url = file_at(account, url).filter(|url| url.path().starts_with("/attachments/"))?;
    let is_this = |file: &&CommentFile| Url::parse(&file.content_url).is_ok_and(|known| known.path() == url.path());
    let known = files.iter().find(is_this).map(|file| file.file_name.clone());
    let in_query = || url.query_pairs().find(|(key, _)| key == "name").map(|(_, name)| name.into_owned());
    let last = || url.path_segments().and_then(|parts| parts.rev().find(|part| !part.is_empty()).map(str::to_string));
    known
        .or_else(in_query)
        .or_else(last)
        .filter(|name| !name.is_empty())
        .map(|name| name.replace(char::is_control, " "))
}

/// A plain text with the addresses of the account's files, and the picture marks around them, replaced by names.
pub fn without_addresses(text: &str, account: &Url, files: &[CommentFile]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("http") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let length = from.find(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"' | '<')).unwrap_or(from.len());
        let (address, after) = from.split_at(length);
        rest = after;
        let Some(name) = Url::parse(address).ok().and_then(|url| name(account, &url, files)) else {
            // Only the word, so that an address after it is found too.
            let (word, behind) = from.split_at("http".len());
            out.push_str(word);
            rest = behind;
            continue;
        };
        let in_link = out.strip_suffix("](").and_then(|head| head.rfind('[')).filter(|_| rest.starts_with(')'));
        if let Some(begin) = in_link {
            out.truncate(begin);
            if out.ends_with('!') {
                out.pop();
            }
            rest = rest.strip_prefix(')').unwrap_or(rest);
        }
        out.push_str(&format!("({name})"));
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account() -> Url {
        Url::parse("https://acme.zendesk.com/").unwrap()
    }

    fn files() -> Vec<CommentFile> {
        let file =
            json!({"file_name": "a.png", "content_url": "https://acme.zendesk.com/attachments/token/x/?name=a.png"});
        vec![serde_json::from_value(file).unwrap()]
    }

    #[test]
    fn a_file_of_the_account_has_a_name_and_other_pictures_have_none() {
        for (url, expected) in [
            ("https://acme.zendesk.com/attachments/token/x/?name=other.png", Some("a.png")),
            ("https://acme.zendesk.com/attachments/token/y/?name=b%20c.png", Some("b c.png")),
            ("https://brand.zendesk.com/attachments/token/z/", Some("z")),
            ("https://acme.zendesk.com/hc/en-us/articles/1", None),
            ("https://cdn.example.com/attachments/token/x/?name=a.png", None),
            ("http://brand.zendesk.com/attachments/token/z/", None),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(name(&account(), &url, &files()).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn no_address_of_the_account_stays_in_a_plain_text() {
        for (text, expected) in [
            ("See ![](https://acme.zendesk.com/attachments/token/x/?name=a.png) here.", "See (a.png) here."),
            ("[Image: shot](https://acme.zendesk.com/attachments/token/x/?name=a.png)", "(a.png)"),
            ("https://acme.zendesk.com/attachments/token/x/?name=a.png", "(a.png)"),
            ("[a] https://example.com/x and http", "[a] https://example.com/x and http"),
            ("hhttps://acme.zendesk.com/attachments/token/x/", "h(a.png)"),
            ("", ""),
        ] {
            assert_eq!(without_addresses(text, &account(), &files()), expected, "{text}");
        }
    }
}
