//! Pictures that an agent pastes into a reply.

use super::conversing::{begun, customer, listening, support};
use super::{Desk, HOOK_SECRET, until};
use crate::zendesk::control::{CommentDraft, File, Side, new_comment};
use deskbell_core::ids::TicketId;

/// The smallest picture.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn picture(name: &str, inline: bool) -> File {
    File { name: name.into(), content_type: "image/png".into(), base64: PNG.into(), inline, ..File::default() }
}

async fn names(desk: &Desk, id: &str) -> Vec<String> {
    desk.gateway.app.store.attachments(&TicketId::new(id)).await.unwrap().into_iter().map(|files| files.name).collect()
}

#[tokio::test]
async fn pictures_in_answers_become_files_without_links_to_zendesk() {
    for is_private in [false, true] {
        for leads in [false, true] {
            let (desk, id, external_id) = begun("").await;
            desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
            desk.zendesk.quirks(|quirks| {
                quirks.private_attachments = is_private;
                quirks.attachments_redirect = leads;
            });
            let html = "<p>Press here:</p><p><img src=\"{file}\" alt=\"a\"></p><p><a href=\"https://docs.example.com/\">Read on</a> \
                        <img src=\"https://cdn.example.com/x.png\" alt=\"logo\"></p>";
            let answer = CommentDraft {
                html_body: Some(html.into()),
                attachments: vec![picture("a.png", true), picture("b.png", false)],
                ..new_comment(Side::Agent, "Press here:")
            };
            desk.zendesk.comment(external_id, &answer).unwrap();
            until(async || desk.messages(&id).await.len() == 2).await;
            let text =
                "Press here:\n\n(a.png)\n\n[Read on](https://docs.example.com/) ![logo](https://cdn.example.com/x.png)";
            assert_eq!(desk.messages(&id).await, [customer("One"), support(text)]);
            assert_eq!(names(&desk, &id).await, ["a.png", "b.png"], "private: {is_private}, leads: {leads}");
        }
    }
}

#[tokio::test]
async fn login_pages_are_not_stored_as_pictures_and_the_picture_is_listed() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    desk.zendesk.quirks(|quirks| quirks.closed_attachments = true);
    let answer = CommentDraft { attachments: vec![picture("a.png", true)], ..new_comment(Side::Agent, "Look.") };
    desk.zendesk.comment(external_id, &answer).unwrap();
    until(async || desk.messages(&id).await.len() == 2).await;
    assert_eq!(desk.messages(&id).await, [customer("One"), support("Look.\n\n(a.png)")]);
    assert_eq!(names(&desk, &id).await, Vec::<String>::new());
}

#[tokio::test]
async fn mailed_replies_keep_their_pictures() {
    let (desk, id, external_id) = begun("").await;
    desk.zendesk.webhook(&listening(&desk).await, HOOK_SECRET);
    let mail =
        CommentDraft { attachments: vec![picture("shot.png", true)], ..new_comment(Side::Customer, "Here it is.") };
    desk.zendesk.comment(external_id, &mail).unwrap();
    until(async || desk.messages(&id).await.len() == 2).await;
    assert_eq!(desk.messages(&id).await, [customer("One"), customer("Here it is.")]);
    assert_eq!(names(&desk, &id).await, ["shot.png"]);
}
