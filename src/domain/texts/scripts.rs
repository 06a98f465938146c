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
];
