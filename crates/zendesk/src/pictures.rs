//! Inline pictures and files of a comment. Their addresses require a login at Zendesk, so in the text they are replaced by their names, and
//! they become attachments.

use reqwest::Url;

use crate::answers::CommentFile;
use crate::client::download_address;

/// The name of the account's file at an address; none if it is no such address.
pub fn name(account: &Url, url: &Url, files: &[CommentFile]) -> Option<String> {
    let url = download_address(account, url).filter(|url| url.path().starts_with("/attachments/"))?;
    let is_this = |file: &&CommentFile| Url::parse(&file.content_url).is_ok_and(|address| address.path() == url.path());
    let address = files.iter().find(is_this).map(|file| file.file_name.clone());
    let in_query = || url.query_pairs().find(|(key, _)| key == "name").map(|(_, name)| name.into_owned());
    let file_name =
        || url.path_segments().and_then(|parts| parts.rev().find(|part| !part.is_empty()).map(str::to_string));
    address
        .or_else(in_query)
        .or_else(file_name)
        .filter(|name| !name.is_empty())
        .map(|name| name.replace(char::is_control, " "))
}

/// A plain text with the addresses of the account's files, and the picture marks around them, replaced by names.
pub fn without_addresses(text: &str, account: &Url, files: &[CommentFile]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("http") {
        let (before, address_on) = rest.split_at(start);
        result.push_str(before);
        let length = address_on
            .find(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"' | '<'))
            .unwrap_or(address_on.len());
        let (address, after_address) = address_on.split_at(length);
        rest = after_address;
        let Some(name) = Url::parse(address).ok().and_then(|url| name(account, &url, files)) else {
            // Only the word, so that an address after it is found too.
            let (word, rest_of_text) = address_on.split_at("http".len());
            result.push_str(word);
            rest = rest_of_text;
            continue;
        };
        let in_link = result.strip_suffix("](").and_then(|head| head.rfind('[')).filter(|_| rest.starts_with(')'));
        if let Some(begin) = in_link {
            result.truncate(begin);
            if result.ends_with('!') {
                result.pop();
            }
            rest = rest.strip_prefix(')').unwrap_or(rest);
        }
        result.push_str(&format!("({name})"));
    }
    result.push_str(rest);
    result
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
    fn only_pictures_of_the_account_are_files() {
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
    fn addresses_of_the_account_are_removed_from_texts() {
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
