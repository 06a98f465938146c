use super::*;
use domain::config::Config;

fn load_text(text: &str, overrides: Overrides) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deskbell.toml");
    std::fs::write(&path, text).unwrap();
    load(&Overrides { config: Some(path), ..overrides })
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn complaint(text: &str) -> String {
    load_text(text, Overrides::default()).unwrap_err()
}

#[test]
fn the_example_is_read_and_says_what_the_defaults_are() {
    let settings = load_text(include_str!("../deskbell.example.toml"), Overrides::default()).unwrap();
    assert_eq!(settings.listen, DEFAULT_LISTEN.parse().unwrap());
    assert_eq!(settings.database, sqlite_path(DEFAULT_DATABASE, "").unwrap());
    assert_eq!(settings.attachments, beside(&settings.database));
    let site = &settings.sites["acme"];
    assert_eq!(site.origins, Origins::read(&["https://app.example.com".into()]).unwrap());
    assert_eq!(site.config.targets, domain::targets::default_targets());
    assert_eq!(site.config.kinds, Config::default().kinds);
    assert_eq!(site.config.attachments, Config::default().attachments);
}

#[test]
fn the_example_names_every_field_of_a_site() {
    let example = include_str!("../deskbell.example.toml");
    let unset: Config = toml::from_str("").unwrap();
    let fields = serde_json::to_value(unset).unwrap();
    for field in fields.as_object().unwrap().keys() {
        let table = if panel::FIELDS.contains(&field.as_str()) { "sites.acme.panel" } else { "sites.acme" };
        assert!(example.contains(&format!("\n{field} = ")) || example.contains(&format!("{table}.{field}")), "{field}");
    }
    assert!(example.contains("\n# [[sites.acme.imports]]\n") && example.contains("\n# [[sites.acme.signers]]\n"));
    assert!(example.contains("\n# [sites.acme.mail]\n"));
    assert!(example.contains("\n# [sites.acme.hours]\n") && example.contains("\n# [sites.acme.rota.growth]\n"));
    assert!(example.contains("\nsupport_engineers = ") && example.contains("\n[limits]\n"));
    for table in ["[[sites.acme.panel.channels]]", "[[sites.acme.panel.fields]]", "[sites.acme.incidents]"] {
        assert!(example.contains(&format!("\n{table}\n")), "{table}");
    }
}

#[test]
fn an_option_wins_over_the_file_and_the_file_over_the_default() {
    let file = "listen = \"127.0.0.1:1\"\ndatabase = \"sqlite:file.db\"\nassets = \"from-file\"";
    let plain = load_text(file, Overrides::default()).unwrap();
    assert_eq!((plain.listen.port(), plain.database), (1, "file.db".into()));
    let overrides =
        Overrides { listen: Some("127.0.0.1:2".into()), assets: Some("from-flag".into()), ..Overrides::default() };
    let changed = load_text(file, overrides).unwrap();
    assert_eq!((changed.listen.port(), changed.assets), (2, Some("from-flag".into())));
    assert_eq!(changed.database, PathBuf::from("file.db"));
    assert_eq!(load_text("", Overrides::default()).unwrap().listen, DEFAULT_LISTEN.parse().unwrap());
}

#[test]
fn a_wrong_file_is_told_by_file_line_field_and_what_is_allowed() {
    for (text, said) in [
        ("listen = 1", "deskbell.toml:1: listen: invalid type: integer `1`, expected a string"),
        ("\nlisten = \"localhost\"", "deskbell.toml:2: listen: \"localhost\" is no ADDRESS:PORT"),
        ("listne = \"x\"", "deskbell.toml:1: listne: unknown field `listne`, did you mean `listen`?"),
        ("place = \"x\"", "deskbell.toml:1: place: unknown field `place`, expected one of `listen`, `database`"),
        ("listen = ", "deskbell.toml:1: "),
        ("database = \"mysql://x\"", "deskbell.toml:1: database: \"mysql://x\" names no database; write sqlite:PATH"),
        ("database_readers = 0", "deskbell.toml:1: database_readers: is 0; write 1 to 64"),
        ("inbox_token = \"short\"", "deskbell.toml:1: inbox_token: is shorter than 16 characters"),
        ("[sites.acme]", "sites.acme: missing field `origins`"),
        ("[sites.acme]\norigins = []", "deskbell.toml:2: sites.acme.origins: name the pages that embed it"),
        (
            "[sites.acme]\norigins = [\"app.example.com\"]",
            "sites.acme.origins: \"app.example.com\" is no origin, its scheme is missing; write https://app.example.com",
        ),
        (
            "[sites.acme]\norigins = [\"https://a.example/x\"]",
            "is no origin: an origin has nothing behind host and port; write https://a.example",
        ),
        (
            "[sites.acme]\norigins = [\"*\", \"https://a.example\"]",
            "deskbell.toml:2: sites.acme.origins: name the pages",
        ),
        ("[sites.\"a b\"]\norigins = [\"*\"]", "sites.a b: is no name of a site"),
        (
            "[sites.acme]\norigins = [\"*\"]\npanel.kinds = [\n\"bug\",\n\"complaint\"]",
            "deskbell.toml:5: sites.acme.panel.kinds[1]: unknown variant `complaint`, expected one of `question`, `bug`, `feedback`",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\norigin = [\"*\"]",
            "deskbell.toml:3: sites.acme.origin: unknown field `origin`, did you mean `origins`?",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\npanel.kinds = []",
            "deskbell.toml:3: sites.acme.panel.kinds: is empty; name at least one",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[sites.acme.panel.theme]\naccent = \"blue\"",
            "deskbell.toml:4: sites.acme.panel.theme.accent: \"blue\" is no colour; #rgb or #rrggbb",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nattachments = { types = [\"image/svg+xml\"] }",
            "deskbell.toml:3: sites.acme.attachments.types[0]: unknown variant `image/svg+xml`, expected one of `image/png`, `image/jpeg`",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nattachments = { max_bytes = 0 }",
            "deskbell.toml:3: sites.acme.attachments.max_bytes: 0 is no size from 1 to 100000000 bytes",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nattachments = { max_count = 51 }",
            "deskbell.toml:3: sites.acme.attachments.max_count: 51 is no number from 0 to 50",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nplans = { free = \"none\" }",
            "deskbell.toml:3: sites.acme.plans.free: unknown variant `none`, expected one of `high`, `medium`, `low`",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"reddit\"\nurl = \"https://a.example\"",
            "deskbell.toml:4: sites.acme.imports[0].from: unknown variant `reddit`, expected one of `jsonl`, `csv`, `discourse`",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"zendesk\"\nurl = \"http://a.example\"",
            "deskbell.toml:5: sites.acme.imports[0].url: \"http://a.example\" is no address of a source; write https://HOST",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"zendesk\"\nurl = \"https://a.example\"\nevery = \"1 minute\"",
            "deskbell.toml:6: sites.acme.imports[0].every: \"1 minute\" is no time from 10 minutes to 1000 hours",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"zendesk\"\nurl = \"https://a.example\"\npages = \"https://b.example\"",
            "deskbell.toml:6: sites.acme.imports[0].pages: is for strapi only",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nimports = [{ from = \"zendesk\", url = \"https://a.example\" }, { from = \"zendesk\", url = \"https://a.example/\" }]",
            "deskbell.toml:3: sites.acme.imports[1].url: is imported already",
        ),
    ] {
        let error = complaint(text);
        assert!(error.contains(said), "{text}\n is told as\n{error}\n and not as\n{said}");
    }
}

#[test]
fn imports_are_planned_with_a_day_between_them_unless_the_file_says_otherwise() {
    let text = r#"
        [sites.acme]
        origins = ["*"]
        [[sites.acme.imports]]
        from = "discourse"
        url = "https://forum.example/c/help/"
        [[sites.acme.imports]]
        from = "strapi"
        url = "https://squeak.example"
        pages = "https://www.example/questions"
        every = "1h 30m"
        prune = true
    "#;
    let settings = load_text(text, Overrides::default()).unwrap();
    let [forum, strapi] = &settings.sites["acme"].imports[..] else { panic!() };
    assert_eq!((forum.source.name().as_str(), forum.prune), ("discourse https://forum.example/c/help", false));
    assert_eq!(forum.every, std::time::Duration::from_secs(24 * 3600));
    assert_eq!((strapi.every, strapi.prune), (std::time::Duration::from_secs(5400), true));
    assert_eq!(strapi.source.pages.as_ref().unwrap().as_str(), "https://www.example/questions/");
}

#[test]
fn an_option_that_is_wrong_is_named_with_its_variable() {
    let overrides = Overrides { listen: Some("8080".into()), ..Overrides::default() };
    let error = load(&overrides).unwrap_err().to_string();
    assert!(error.starts_with("--listen (DESKBELL_LISTEN): \"8080\" is no ADDRESS:PORT"), "{error}");
}

#[test]
fn the_inbox_token_is_read_from_a_file_and_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "0123456789abcdef\n").unwrap();
    let settings = load_text(&format!("inbox_token_file = {path:?}"), Overrides::default()).unwrap();
    let token = settings.inbox_token.clone().unwrap();
    assert!(token.is("0123456789abcdef") && !token.is("0123456789abcde"));
    assert!(!format!("{settings:?}").contains("0123456789abcdef"));
}

#[test]
fn the_demo_brings_its_site_and_its_database() {
    let settings = load(&Overrides { demo: true, ..Overrides::default() }).unwrap();
    assert_eq!(settings.sites["demo"].origins, Origins::Any);
    assert_eq!(settings.database, PathBuf::from("data/demo.db"));
}

#[test]
fn signers_are_read_and_what_is_wrong_with_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{}\n", "s".repeat(40))).unwrap();
    let site = |signers: &str| format!("[sites.acme]\norigins = [\"*\"]\n{signers}");
    let one = |fields: &str| site(&format!("[[sites.acme.signers]]\n{fields}"));
    let secret = "secret = \"0123456789abcdef0123456789abcdef\"";
    let jwks = "jwks_url = \"https://a.example/keys\"";
    let from_file = format!("algorithm = \"HS256\"\nkid = \"a\"\nsecret_file = {:?}", file.display().to_string());
    let settings = load_text(&one(&from_file), Overrides::default()).unwrap();
    assert_eq!(settings.sites["acme"].signers[0].kid(), Some("a"));
    assert!(!format!("{settings:?}").contains("sss"), "a secret is not shown");
    let hs256 = |more: &str| one(&format!("algorithm = \"HS256\"\n{more}"));
    for (text, said) in [
        (hs256("secret = \"short\""), "sites.acme.signers[0].secret: is shorter than 32 bytes; take a long random one"),
        (hs256(""), "sites.acme.signers[0].secret: is missing; give it, or secret_file"),
        (hs256("secret = \"x\"\nsecret_file = \"y\""), "signers[0].secret_file: stands beside secret; keep one"),
        (hs256("secret_file = \"/no/such/file\""), "signers[0].secret_file: /no/such/file: "),
        (hs256("public_key = \"x\""), "signers[0].algorithm: goes with secret or secret_file only"),
        (one("algorithm = \"EdDSA\"\npublic_key = \"x\""), "signers[0].public_key: is no public key of Ed25519 in PEM"),
        (one("algorithm = \"RS256\""), "unknown variant `RS256`, expected `HS256` or `EdDSA`"),
        (one(secret), "signers[0].algorithm: is missing; write \"HS256\" or \"EdDSA\", or jwks_url"),
        (hs256(&format!("{secret}\nmax_age = \"1 hour\"")), "signers[0].max_age: goes with jwks_url only"),
        (one("jwks_url = \"http://a.example/keys\""), "signers[0].jwks_url: \"http://a.example/keys\" is no address"),
        (one(&format!("{jwks}\n{secret}")), "signers[0].secret: does not go with jwks_url"),
        (one(&format!("{jwks}\nkid = \"a\"")), "signers[0].kid: does not go with jwks_url"),
        (
            one(&format!("{jwks}\nmax_age = \"1 year\"")),
            "signers[0].max_age: \"1 year\" is no time from 1 minute to 168 hours",
        ),
        (one(&format!("{jwks}\nissuer = \"\"")), "signers[0].issuer: is empty"),
        (one(&format!("{jwks}\naudience = []")), "signers[0].audience: is empty"),
        (
            one(&format!("{jwks}\nclaims = {{ organisation = \"x\" }}")),
            "signers[0].claims: has no \"organisation\"; it has sub, aud",
        ),
        (one(&format!("{jwks}\nclaims = {{ plan = \"\" }}")), "signers[0].claims: plan is empty"),
        (
            format!("{}\n{}", hs256(secret), hs256(secret).lines().skip(2).collect::<Vec<_>>().join("\n")),
            "signers[0].kid: has to be another for each",
        ),
    ] {
        let complaint = complaint(&text);
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn hours_are_read_and_what_is_wrong_with_them_is_named() {
    let site = |fields: &str| format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.hours]\n{fields}");
    let berlin = "zone = \"Europe/Berlin\"\n";
    let settings = load_text(&site(berlin), Overrides::default()).unwrap();
    let hours = settings.sites["acme"].hours.clone().unwrap();
    let days = hours.usual.week.iter().filter(|spans| !spans.is_empty()).count();
    assert_eq!((days, hours.usual.holidays.len(), hours.severities.len()), (5, 0, 0));
    for (fields, said) in [
        ("", "missing field `zone`"),
        ("zone = \"Berlin\"", "sites.acme.hours.zone: \"Berlin\" is no time zone; write one such as"),
        ("zone = \"UTC\"\nfrom = \"9\"", "sites.acme.hours.from: \"9\" is no time of day; write \"09:00\""),
        ("zone = \"UTC\"\nto = \"25:00\"", "sites.acme.hours.to: \"25:00\" is no time of day"),
        ("zone = \"UTC\"\nfrom = \"17:00\"\nto = \"17:00\"", "sites.acme.hours.to: is when it begins"),
        ("zone = \"UTC\"\ndays = []", "sites.acme.hours.days: is empty"),
        ("zone = \"UTC\"\ndays = [\"monday\"]", "unknown variant `monday`, expected one of `mon`, `tue`"),
        ("zone = \"UTC\"\nholidays = [\"25.12.2026\"]", "sites.acme.hours.holidays: \"25.12.2026\" is no day; write"),
    ] {
        let complaint = complaint(&site(fields));
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn turns_are_read_and_what_is_wrong_with_them_is_named() {
    let site = |fields: &str| format!("[sites.acme]\norigins = [\"*\"]\n{fields}");
    let turns = "[sites.acme.rota.growth]\nfrom = \"2026-11-23\"\npeople = [\"Ana\", \"Ben\"]";
    let settings = load_text(&site(turns), Overrides::default()).unwrap();
    let monday = "2026-11-30T00:00:00Z".parse().unwrap();
    assert_eq!(settings.sites["acme"].rota.hero("growth", monday), Some("Ben"));
    for (fields, said) in [
        ("[sites.acme.rota.growth]\npeople = [\"Ana\"]", "sites.acme.rota.growth: missing field `from`"),
        (
            "[sites.acme.rota.growth]\nfrom = \"monday\"\npeople = [\"Ana\"]",
            "sites.acme.rota.growth.from: \"monday\" is no day; write \"2026-11-23\"",
        ),
        (
            "[sites.acme.rota.growth]\nfrom = \"2026-11-23\"\npeople = []",
            "sites.acme.rota.growth.people: is empty; name at least one",
        ),
        ("support_engineers = [\"nothing\"]", "sites.acme.support_engineers: \"nothing\" is no id of a topic"),
    ] {
        let complaint = complaint(&site(fields));
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn mail_is_read_and_what_is_wrong_with_it_is_named_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "from a file\n").unwrap();
    let site = |fields: &str| format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.mail]\n{fields}");
    let from = "from = \"Acme <support@example.com>\"\n";
    let environment = Overrides { smtp_password: Some("50%41 of:it@".into()), ..Overrides::default() };
    for (smtp, overrides) in [
        ("smtp = \"smtps://me:se%20cret@mail.example.com\"".to_string(), Overrides::default()),
        ("smtp = \"smtp://mail.example.com:2525\"".into(), environment.clone()),
        ("smtp = \"smtp://me@mail.example.com\"".into(), environment.clone()),
        (format!("smtp = \"smtps://me@mail.example.com\"\npassword_file = {file:?}"), Overrides::default()),
        ("smtp = \"smtp://localhost\"".into(), Overrides::default()),
    ] {
        let settings = load_text(&site(&[from, &smtp].concat()), overrides).unwrap();
        let shown = format!("{settings:?}");
        assert_eq!(settings.sites["acme"].mail.as_ref().unwrap().from.to_string(), "Acme <support@example.com>");
        assert!(
            ["se%20cret", "se cret", "from a file", "50%41"].iter().all(|secret| !shown.contains(secret)),
            "{shown}"
        );
    }
    for (fields, said) in [
        (from, "sites.acme.mail: missing field `smtp`"),
        ("smtp = \"smtp://x\"", "sites.acme.mail: missing field `from`"),
        ("smtp = \"smtp://x\"\nfrom = \"support\"", "sites.acme.mail.from: \"support\" is no address; write support@"),
        ("smtp = \"smtp://x\"\nfrom = \"a@b.c\"\nreply_to = \"x\"", "sites.acme.mail.reply_to: \"x\" is no address"),
        (
            "smtp = \"http://secret:secret@x\"\nfrom = \"a@b.c\"",
            "sites.acme.mail.smtp: is no address of a mail server; write",
        ),
        ("smtp = \"smtp://x?tls=none\"\nfrom = \"a@b.c\"", "sites.acme.mail.smtp: is no address of a mail server"),
        (
            "smtp = \"smtps://me@x\"\nfrom = \"a@b.c\"",
            "sites.acme.mail.smtp: names a user without a password; write USER:",
        ),
        (
            "smtp = \"smtps://me:secret@x\"\npassword_file = \"y\"\nfrom = \"a@b.c\"",
            "sites.acme.mail.password_file: stands beside a password in smtp; keep one",
        ),
        ("smtp = \"smtp://x\"\nto = \"a@b.c\"", "sites.acme.mail.to: unknown field `to`, expected one of `smtp`"),
    ] {
        let complaint = complaint(&site(fields));
        assert!(complaint.contains(said) && !complaint.contains("secret"), "{complaint}");
    }
}

#[test]
fn the_example_shows_destinations_that_are_read() {
    let example = include_str!("../deskbell.example.toml");
    let is_setting =
        |line: &&str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
    let (_, tables) = example.split_once("\n# [sites.acme.destinations.").unwrap();
    let tables = tables.split("\n\n").next().unwrap();
    let lines = tables.lines().skip(1).filter_map(|line| line.strip_prefix("# ")).filter(is_setting);
    let first = tables.lines().next().unwrap();
    let text = format!(
        "[sites.acme]\norigins = [\"*\"]\n[sites.acme.destinations.{first}\n{}",
        lines.collect::<Vec<_>>().join("\n")
    );
    parse(&text, "test").unwrap();
    for field in [
        "to = \"webhook\"",
        "to = \"email\"",
        "to = \"slack\"",
        "reply_address = ",
        "webhook_secret_file = ",
        "url_file = ",
    ] {
        assert!(text.contains(&format!("\n{field}")), "{field} in {text}");
    }
}

#[test]
fn a_wrong_destination_is_told_by_field_and_what_is_allowed() {
    let secret = "secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"";
    let mailbox = "to = \"email\"\nmailbox = \"a@b.example\"\nfrom = \"c@d.example\"\nsmtp = \"smtp://localhost\"";
    for (table, said) in [
        (
            "to = \"fax\"".to_string(),
            "deskbell.toml:4: sites.acme.destinations.x.to: \"fax\" is no kind of destination; one of zendesk, webhook, email, slack",
        ),
        ("to = \"webhook\"".into(), "missing field `url`"),
        (
            "to = \"webhook\"\nurl = \"https://a.example\"\nsecert = \"x\"".into(),
            "deskbell.toml:6: sites.acme.destinations.x.secert: unknown field `secert`, did you mean `secret`?",
        ),
        (
            format!("to = \"webhook\"\nurl = \"http://a.example\"\n{secret}"),
            ".x.url: is no address of a web service; write https://HOST",
        ),
        (
            format!("to = \"webhook\"\nurl = \"https://10.0.0.1\"\n{secret}"),
            ".x.url: 10.0.0.1 is on this computer or in a private network; write private = true",
        ),
        ("to = \"webhook\"\nurl = \"https://a.example\"".into(), ".x.secret: is missing; write whsec_"),
        (
            "to = \"webhook\"\nurl = \"https://a.example\"\nsecret = \"short\"".into(),
            ".x.secret: is no secret of webhooks; write whsec_",
        ),
        (
            format!("to = \"webhook\"\nurl = \"https://a.example\"\n{secret}\nsecret_file = \"x\""),
            ".x.secret_file: stands beside secret",
        ),
        ("to = \"slack\"".into(), ".x.url: is missing; write the address of an incoming webhook"),
        ("to = \"slack\"\nurl = \"http://127.0.0.1/\"".into(), ".x.url: is not https"),
        (mailbox.replace("a@b.example", "nobody"), ".x.mailbox: \"nobody\" is no address"),
        (mailbox.replace("smtp://", "imap://"), ".x.smtp: is no address of a mail server"),
        (format!("{mailbox}\nwebhook_{secret}"), ".x.reply_address: is missing"),
        (format!("{mailbox}\nreply_address = \"r@d.example\""), ".x.webhook_secret: is missing"),
        (
            format!("{mailbox}\nreply_address = \"r+x@d.example\"\nwebhook_{secret}"),
            ".x.reply_address: \"r+x@d.example\" is no address that can be added to",
        ),
        (
            format!("{mailbox}\nreply_address = \"r@d.example\"\nwebhook_secret = \"x\""),
            ".x.webhook_secret: is no secret of webhooks",
        ),
    ] {
        let error = complaint(&format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.destinations.x]\n{table}"));
        assert!(error.contains(said), "{table}\n is told as\n{error}\n and not as\n{said}");
    }
}

#[test]
fn what_is_secret_of_a_destination_is_in_no_log() {
    let text = r#"
        [sites.acme]
        origins = ["*"]
        [sites.acme.destinations.hook]
        to = "webhook"
        url = "https://a.example/hidden?key=hidden"
        secret = "whsec_aGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVu"
        [sites.acme.destinations.mail]
        to = "email"
        mailbox = "a@b.example"
        from = "c@d.example"
        smtp = "smtp://user:hidden@localhost"
        reply_address = "r@d.example"
        webhook_secret = "whsec_aGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVu"
        [sites.acme.destinations.channel]
        to = "slack"
        url = "https://hooks.slack.com/services/hidden"
    "#;
    let tables = format!("{:?}", parse(text, "test").unwrap());
    let settings = format!("{:?}", load_text(text, Overrides::default()).unwrap());
    for shown in [tables, settings] {
        assert!(!shown.contains("hidden") && !shown.contains("aGlkZGVu"), "{shown}");
    }
}

#[test]
fn what_is_wrong_with_zendesk_is_told_by_its_field() {
    let wrong = |lines: &str| {
        let table = format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.destinations.desk]\n{lines}");
        let complaint = complaint(&table);
        complaint.split_once("sites.acme.destinations.").unwrap().1.to_string()
    };
    const GOOD: &str =
        "to = \"zendesk\"\nurl = \"https://acme.zendesk.com\"\nclient_id = \"a\"\nclient_secret = \"b\"\n";
    for (lines, says) in [
        ("", "desk: missing field `to`"),
        ("to = \"zendsk\"", "desk.to: \"zendsk\" is no kind of destination; one of zendesk, webhook, email, slack"),
        (&format!("{GOOD}form_id = \"17\""), "desk.form_id: invalid type: string \"17\", expected u64"),
        (&format!("{GOOD}owners = {{ css = 1 }}"), "desk.owners: unknown variant `css`, did you mean `cs`?"),
        (
            &format!("{GOOD}api_token = \"x\""),
            "desk.api_token: unknown field `api_token`, did you mean `api_token_file`?",
        ),
        (
            &format!("{GOOD}tags = [\"plan_{{paln}}\"]"),
            "desk.tags: {paln} is no value of a ticket; one of reference, kind,",
        ),
        (&format!("{GOOD}tags = [\"{{plan\"]"), "desk.tags: {plan has no closing brace"),
        (&format!("{GOOD}fields = {{ severity = \"{{severity}}\" }}"), "desk.fields: \"severity\" is no id of a field"),
        (
            &format!("{GOOD}priorities = {{ high = \"higher\" }}"),
            "desk.priorities: \"higher\" is not known to Zendesk; one of",
        ),
        (
            "to = \"zendesk\"\nurl = \"acme.zendesk.com\"",
            "desk.url: \"acme.zendesk.com\" is no address of an account; write",
        ),
        ("to = \"zendesk\"\nurl = \"https://a.zendesk.com\"", "desk.client_id: is missing; write"),
        (
            "to = \"zendesk\"\nurl = \"https://a.zendesk.com\"\nclient_id = \"a\"",
            "desk.client_secret_file: is missing; name",
        ),
    ] {
        let told = wrong(lines);
        assert!(told.starts_with(says), "{lines}\n is told as\n{told}\n and not as\n{says}");
    }
    let twice = wrong(&format!("{GOOD}[sites.acme.destinations.two]\n{GOOD}"));
    assert!(twice.starts_with("two: is the same place as desk"), "{twice}");
}

#[test]
fn an_unknown_field_is_answered_with_the_right_one_in_every_table() {
    let site = |lines: &str| format!("[sites.acme]\norigins = [\"*\"]\n{lines}");
    for (text, expected) in [
        (
            "[limits]\nadress = 1".to_string(),
            "deskbell.toml:2: limits.adress: unknown field `adress`, did you mean `address`?",
        ),
        ("[proxy]\ntrust = []".into(), "deskbell.toml:2: proxy.trust: unknown field `trust`, did you mean `trusted`?"),
        ("[inbox]\nlisten_ = \"\"".into(), "inbox.listen_: unknown field `listen_`, did you mean `listen`?"),
        (
            "[quotas]\nunsend_files = 1".into(),
            "quotas.unsend_files: unknown field `unsend_files`, did you mean `unsent_files`?",
        ),
        (
            "[sites.acme]\norgins = [\"*\"]".into(),
            "deskbell.toml:2: sites.acme.orgins: unknown field `orgins`, did you mean `origins`?",
        ),
        (
            site("topcis = []"),
            "deskbell.toml:3: sites.acme.topcis: unknown field `topcis`, did you mean `topics` in [sites.acme.panel]?",
        ),
        (
            site("[sites.acme.panel]\nplans = {}"),
            "deskbell.toml:4: sites.acme.panel.plans: unknown field `plans`, did you mean `plans` in [sites.acme]?",
        ),
        (site("[sites.acme.panel]\nthme = {}"), "sites.acme.panel.thme: unknown field `thme`, did you mean `theme`?"),
        (
            site("[[sites.acme.panel.topics]]\nid = \"a\"\nlabel = \"A\"\nurl = []"),
            "deskbell.toml:6: sites.acme.panel.topics[0].url: unknown field `url`, did you mean `urls`?",
        ),
        (
            site("panel.theme.acent = \"#fff\""),
            "sites.acme.panel.theme.acent: unknown field `acent`, did you mean `accent`?",
        ),
        (
            site("attachments.max_byte = 1"),
            "sites.acme.attachments.max_byte: unknown field `max_byte`, did you mean `max_bytes`?",
        ),
        (
            site("[[sites.acme.signers]]\nsecrets = \"x\""),
            "signers[0].secrets: unknown field `secrets`, did you mean `secret`?",
        ),
        (
            site("[sites.acme.hours]\nzone = \"UTC\"\nseverity.high = { form = \"08:00\" }"),
            "deskbell.toml:5: sites.acme.hours.severity.high.form: unknown field `form`, did you mean `from`?",
        ),
        (
            site("[sites.acme.hours]\nzone = \"UTC\"\nholidays = [\n\"2026-12-25\",\n{ dat = \"2026-12-24\" }]"),
            "deskbell.toml:7: sites.acme.hours.holidays[1].dat: unknown field `dat`, did you mean `date`?",
        ),
        (
            site("[sites.acme.mail]\nsmtp = \"smtp://x\"\nfrom = \"a@b.c\"\nlimits.unsingned = 1"),
            "sites.acme.mail.limits.unsingned: unknown field",
        ),
        (
            site("[sites.acme.destinations.x]\nto = \"zendesk\"\nurl = \"x\"\nfields.1 = { form = \"{severity}\" }"),
            "deskbell.toml:6: sites.acme.destinations.x.fields.1.form: unknown field `form`, did you mean `from`?",
        ),
    ] {
        let complaint = complaint(&text);
        assert!(complaint.contains(expected), "{text}\n is answered with\n{complaint}\n and not with\n{expected}");
    }
}

#[test]
fn options_of_the_panel_in_the_old_place_are_read_with_one_notice_that_names_the_new_one() {
    let old = "[sites.acme]\norigins = [\"*\"]\nkinds = [\"bug\"]\nplans = { free = \"low\" }\n\
               [sites.acme.theme]\naccent = \"#1d4aff\"\n[sites.other]\norigins = [\"*\"]\nconsent = true\n\
               panel.kinds = [\"question\"]\n[sites.third]\norigins = [\"*\"]\npanel.consent = true";
    let new = old
        .replace("\nkinds", "\npanel.kinds")
        .replace("sites.acme.theme", "sites.acme.panel.theme")
        .replace("\nconsent", "\npanel.consent");
    let [old, new] = [old, &new].map(|text| load_text(text, Overrides::default()).unwrap());
    for site in ["acme", "other", "third"] {
        assert_eq!(old.sites[site].config, new.sites[site].config, "{site}");
    }
    let now = "2026-11-28T00:00:00Z".parse().unwrap();
    let misplaced = |settings: &Settings| {
        let notices = notices(settings, now);
        notices.into_iter().filter(|notice| notice.contains("panel]")).collect::<Vec<_>>()
    };
    assert_eq!(
        misplaced(&old),
        ["options of the panel are outside of its table, where the next version refuses them: \
             move kinds, theme of [sites.acme] to [sites.acme.panel]; move consent of [sites.other] to [sites.other.panel]"]
    );
    assert!(misplaced(&new).is_empty());
}

#[test]
fn an_option_in_the_old_and_in_the_new_place_is_an_error() {
    let text = "[sites.acme]\norigins = [\"*\"]\nkinds = [\"bug\"]\n[sites.acme.panel]\nkinds = [\"bug\"]";
    assert_eq!(complaint(text), "deskbell.toml:3: sites.acme.kinds: is in [sites.acme.panel] as well; keep that one");
}
