//! What the scripts beside the form say (`src/loader`): nobody but they fetch it.

/// The name of a text in the language files and in a site's `texts`, and what it says in English.
pub const TEXTS: &[(&str, &str)] = &[
    // The draft (`draft.js`).
    ("draft_other", "Another text of yours was begun elsewhere."),
    ("draft_show", "Show that one instead"),
    ("draft_unkept", "This browser keeps nothing for later: what you write lasts as long as this page."),
    // What waits to be sent (`waiting.js`).
    ("waiting_sending", "Sending…"),
    ("waiting_offline", "You are offline. It is safe on this device, and goes when you are back online."),
    (
        "waiting_unreachable",
        "We couldn't reach support. Something in this browser or network, such as an extension, may block it. It is safe on this device, and we keep trying.",
    ),
    (
        "waiting_timed-out",
        "Support did not answer in time, so we don't know whether it arrived. We keep asking; that cannot send it twice.",
    ),
    ("waiting_busy", "Support has too many to take in at once. It is safe on this device, and goes by itself."),
    (
        "waiting_fault",
        "Support has a fault, so we don't know whether it arrived. We keep asking; that cannot send it twice.",
    ),
    ("waiting_refused", "Support did not take it: {reason}"),
    ("waiting_old", "You wrote this on {time}, and it could not be sent since. Shall it go now?"),
    ("waiting_next", "Next try at {time}."),
    ("waiting_again", "Try again"),
    ("waiting_edit", "Edit it"),
    ("waiting_copy", "Copy the text"),
    ("waiting_mail", "Write an e-mail"),
    ("waiting_save", "Save as a file"),
    ("waiting_discard", "Discard"),
    ("waiting_really", "Discard it for good"),
    ("waiting_unkept", "This browser keeps nothing for later: leave this page open until it is sent."),
    ("waiting_nothing", "Nothing waits to be sent."),
    // What goes to Zendesk without a gateway (`zendesk.js`).
    (
        "waiting_unsent",
        "It has not been sent: we couldn't bring it to support. Something in this browser or network, such as an extension, may block it, or support takes no files from people who are not signed in there. It is safe on this device, and we keep trying.",
    ),
    (
        "waiting_unsure",
        "It may have been sent: support did not confirm it. If a mail confirms it, it was. If none comes, the network broke off, or support refused it without a word, as it may where people have to sign in there. Sent again, it may come twice.",
    ),
    ("waiting_twice", "Send again"),
    ("waiting_settled", "Done"),
    ("receipt_by_mail", "A mail confirms it. Answers come by e-mail as well; they do not show up here."),
    ("refused_signed_out", "it takes tickets only from people who are signed in there"),
    // Files that go along (`files.js`).
    ("file_add", "Add a file"),
    ("file_shot", "Take a screenshot"),
    ("file_added", "{name} goes along."),
    ("file_removed", "{name} does not go along any more."),
    ("file_going", "{name} is being uploaded"),
    ("file_waits", "It is uploaded when you send."),
    ("file_retry", "Try again"),
    ("file_edit", "Black out or crop"),
    ("file_edit_named", "Black out or crop {name}"),
    ("file_remove", "Remove {name}"),
    ("file_large", "It is larger than {size}, so it is not sent."),
    ("file_type", "Support does not take this kind of file, so it is not sent. It takes: {types}."),
    ("file_many", "At most {n} files go along; the others are not sent."),
    ("file_empty", "It is empty, so it is not sent."),
    // Taking and editing pictures (`shot.js`).
    ("shot_title", "Edit the picture"),
    ("shot_tools", "Tool"),
    ("shot_black", "Black out"),
    ("shot_mark", "Mark"),
    ("shot_crop", "Crop"),
    ("shot_undo", "Undo"),
    ("shot_picture", "Picture"),
    ("shot_hint", "Drag over the picture. What you black out is gone from what you send."),
    (
        "shot_keys",
        "With the keyboard, on the picture: arrows move the frame, Shift and arrows size it, Enter applies it.",
    ),
    ("shot_place", "{width} × {height} at {x}, {y}"),
    ("shot_did_black", "Blacked out"),
    ("shot_did_mark", "Marked"),
    ("shot_did_crop", "Cropped"),
    ("shot_undone", "Undone"),
    ("shot_nothing", "Nothing to undo."),
    ("shot_use", "Use the picture"),
    ("shot_cancel", "Cancel"),
    ("shot_file", "screenshot.png"),
    ("shot_refused", "This browser did not let us take a picture. You can paste one, or choose a file."),
    ("shot_unreadable", "We couldn't read this file as a picture."),
    // The plain form (`plain.js`), which says others as well: [`super::PLAIN`].
    (
        "plain_lead",
        "Only this plain form runs here. It sends your text with the page's address, who you are and the names of errors.",
    ),
    (
        "plain_unknown",
        "Support has not confirmed it yet. It is safe on this device, and we keep asking; that cannot send it twice.",
    ),
];
