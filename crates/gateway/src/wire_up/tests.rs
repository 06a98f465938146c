use super::*;

fn wired(text: &str, overrides: Overrides) -> Result<Setup, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deskbell.toml");
    std::fs::write(&path, text).unwrap();
    load(&Overrides { config: Some(path), ..overrides })
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn complaint(text: &str) -> String {
    wired(text, Overrides::default()).unwrap_err()
}

#[test]
fn imports_run_daily_by_default() {
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
    let settings = wired(text, Overrides::default()).unwrap();
    let [forum, strapi] = &settings.parts.imports["acme"][..] else { panic!() };
    assert_eq!((forum.source.name().as_str(), forum.prune), ("discourse https://forum.example/c/help", false));
    assert_eq!(forum.period, std::time::Duration::from_secs(24 * 3600));
    assert_eq!((strapi.period, strapi.prune), (std::time::Duration::from_secs(5400), true));
    assert_eq!(strapi.source.pages.as_ref().unwrap().as_str(), "https://www.example/questions/");
}

#[test]
fn errors_of_imports_name_their_field() {
    for (text, expected) in [
        (
            "[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"zendesk\"\nurl = \"http://a.example\"",
            "deskbell.toml:5: sites.acme.imports[0].url: \"http://a.example\" is not the address of a source; use https://HOST",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"zendesk\"\nurl = \"https://a.example\"\nevery = \"1 minute\"",
            "deskbell.toml:6: sites.acme.imports[0].every: \"1 minute\" is not a duration from 10 minutes to 1000 hours",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"zendesk\"\nurl = \"https://a.example\"\npages = \"https://b.example\"",
            "deskbell.toml:6: sites.acme.imports[0].pages: can be used with strapi only",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nimports = [{ from = \"zendesk\", url = \"https://a.example\" }, { from = \"zendesk\", url = \"https://a.example/\" }]",
            "deskbell.toml:3: sites.acme.imports[1].url: imported twice",
        ),
    ] {
        let complaint = complaint(text);
        assert!(complaint.contains(expected), "{text}\n is answered with\n{complaint}\n and not with\n{expected}");
    }
}

#[test]
fn signers_are_parsed_with_clear_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{}\n", "s".repeat(40))).unwrap();
    let site = |signers: &str| format!("[sites.acme]\norigins = [\"*\"]\n{signers}");
    let one = |fields: &str| site(&format!("[[sites.acme.signers]]\n{fields}"));
    let secret = "secret = \"0123456789abcdef0123456789abcdef\"";
    let jwks = "jwks_url = \"https://a.example/keys\"";
    let from_file = format!("algorithm = \"HS256\"\nkid = \"a\"\nsecret_file = {:?}", file.display().to_string());
    let settings = wired(&one(&from_file), Overrides::default()).unwrap();
    assert_eq!(settings.parts.signers["acme"][0].kid(), Some("a"));
    assert!(!format!("{settings:?}").contains("sss"), "a secret is not shown");
    let hs256 = |more: &str| one(&format!("algorithm = \"HS256\"\n{more}"));
    for (text, expected) in [
        (hs256("secret = \"short\""), "sites.acme.signers[0].secret: shorter than 32 bytes; use a long random one"),
        (hs256(""), "sites.acme.signers[0].secret: missing; set it or secret_file"),
        (
            hs256("secret = \"x\"\nsecret_file = \"y\""),
            "signers[0].secret_file: cannot be combined with secret; keep one",
        ),
        (hs256("secret_file = \"/no/such/file\""), "signers[0].secret_file: /no/such/file: "),
        (hs256("public_key = \"x\""), "signers[0].algorithm: requires secret or secret_file"),
        (one("algorithm = \"EdDSA\"\npublic_key = \"x\""), "signers[0].public_key: not an Ed25519 public key in PEM"),
        (one("algorithm = \"RS256\""), "unknown variant `RS256`, expected `HS256` or `EdDSA`"),
        (one(secret), "signers[0].algorithm: missing; use \"HS256\" or \"EdDSA\", or jwks_url"),
        (hs256(&format!("{secret}\nmax_age = \"1 hour\"")), "signers[0].max_age: can be used with jwks_url only"),
        (
            one("jwks_url = \"http://a.example/keys\""),
            "signers[0].jwks_url: \"http://a.example/keys\" is not the address",
        ),
        (one(&format!("{jwks}\n{secret}")), "signers[0].secret: cannot be combined with jwks_url"),
        (one(&format!("{jwks}\nkid = \"a\"")), "signers[0].kid: cannot be combined with jwks_url"),
        (
            one(&format!("{jwks}\nmax_age = \"1 year\"")),
            "signers[0].max_age: \"1 year\" is not a duration from 1 minute to 168 hours",
        ),
        (one(&format!("{jwks}\nissuer = \"\"")), "signers[0].issuer: must not be empty"),
        (one(&format!("{jwks}\naudience = []")), "signers[0].audience: must not be empty"),
        (
            one(&format!("{jwks}\nclaims = {{ organisation = \"x\" }}")),
            "signers[0].claims: unknown claim \"organisation\"; known are sub, aud",
        ),
        (one(&format!("{jwks}\nclaims = {{ plan = \"\" }}")), "signers[0].claims: plan is empty"),
        (
            format!("{}\n{}", hs256(secret), hs256(secret).lines().skip(2).collect::<Vec<_>>().join("\n")),
            "signers[0].kid: must be unique",
        ),
    ] {
        let complaint = complaint(&text);
        assert!(complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn mail_settings_are_parsed_with_errors_that_hide_the_password() {
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
        let settings = wired(&site(&[from, &smtp].concat()), overrides).unwrap();
        let shown = format!("{settings:?}");
        assert_eq!(settings.parts.mails["acme"].smtp.from.to_string(), "Acme <support@example.com>");
        assert!(
            ["se%20cret", "se cret", "from a file", "50%41"].iter().all(|secret| !shown.contains(secret)),
            "{shown}"
        );
    }
    for (fields, expected) in [
        (from, "sites.acme.mail: missing field `smtp`"),
        ("smtp = \"smtp://x\"", "sites.acme.mail: missing field `from`"),
        (
            "smtp = \"smtp://x\"\nfrom = \"support\"",
            "sites.acme.mail.from: \"support\" is not an address; use support@",
        ),
        (
            "smtp = \"smtp://x\"\nfrom = \"a@b.c\"\nreply_to = \"x\"",
            "sites.acme.mail.reply_to: \"x\" is not an address",
        ),
        (
            "smtp = \"http://secret:secret@x\"\nfrom = \"a@b.c\"",
            "sites.acme.mail.smtp: not the address of a mail server; use",
        ),
        ("smtp = \"smtp://x?tls=none\"\nfrom = \"a@b.c\"", "sites.acme.mail.smtp: not the address of a mail server"),
        ("smtp = \"smtps://me@x\"\nfrom = \"a@b.c\"", "sites.acme.mail.smtp: has a user without a password; use USER:"),
        (
            "smtp = \"smtps://me:secret@x\"\npassword_file = \"y\"\nfrom = \"a@b.c\"",
            "sites.acme.mail.password_file: cannot be combined with a password in smtp; keep one",
        ),
        ("smtp = \"smtp://x\"\nto = \"a@b.c\"", "sites.acme.mail.to: unknown field `to`, expected one of `smtp`"),
    ] {
        let complaint = complaint(&site(fields));
        assert!(complaint.contains(expected) && !complaint.contains("secret"), "{complaint}");
    }
}

#[test]
fn errors_of_destinations_name_the_field_and_allowed_values() {
    let secret = "secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"";
    let mailbox = "to = \"email\"\nmailbox = \"a@b.example\"\nfrom = \"c@d.example\"\nsmtp = \"smtp://localhost\"";
    for (table, expected) in [
        (
            "to = \"fax\"".to_string(),
            "deskbell.toml:4: sites.acme.destinations.x.to: \"fax\" is not a kind of destination; use one of zendesk, webhook, email, slack",
        ),
        ("to = \"webhook\"".into(), "missing field `url`"),
        (
            "to = \"webhook\"\nurl = \"https://a.example\"\nsecert = \"x\"".into(),
            "deskbell.toml:6: sites.acme.destinations.x.secert: unknown field `secert`, did you mean `secret`?",
        ),
        (
            format!("to = \"webhook\"\nurl = \"http://a.example\"\n{secret}"),
            ".x.url: not the address of a web service; use https://HOST",
        ),
        (
            format!("to = \"webhook\"\nurl = \"https://10.0.0.1\"\n{secret}"),
            ".x.url: 10.0.0.1 is this computer or in a private network; set private = true",
        ),
        ("to = \"webhook\"\nurl = \"https://a.example\"".into(), ".x.secret: missing; use whsec_"),
        (
            "to = \"webhook\"\nurl = \"https://a.example\"\nsecret = \"short\"".into(),
            ".x.secret: not a webhook secret; use whsec_",
        ),
        (
            format!("to = \"webhook\"\nurl = \"https://a.example\"\n{secret}\nsecret_file = \"x\""),
            ".x.secret_file: cannot be combined with secret",
        ),
        ("to = \"slack\"".into(), ".x.url: missing; use the address of an incoming webhook"),
        ("to = \"slack\"\nurl = \"http://127.0.0.1/\"".into(), ".x.url: must be https"),
        (mailbox.replace("a@b.example", "nobody"), ".x.mailbox: \"nobody\" is not an address"),
        (mailbox.replace("smtp://", "imap://"), ".x.smtp: not the address of a mail server"),
        (format!("{mailbox}\nwebhook_{secret}"), ".x.reply_address: missing"),
        (format!("{mailbox}\nreply_address = \"r@d.example\""), ".x.webhook_secret: missing"),
        (
            format!("{mailbox}\nreply_address = \"r+x@d.example\"\nwebhook_{secret}"),
            ".x.reply_address: \"r+x@d.example\" cannot be used as a reply address",
        ),
        (
            format!("{mailbox}\nreply_address = \"r@d.example\"\nwebhook_secret = \"x\""),
            ".x.webhook_secret: not a webhook secret",
        ),
    ] {
        let error = complaint(&format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.destinations.x]\n{table}"));
        assert!(error.contains(expected), "{table}\n is reported as\n{error}\n and not as\n{expected}");
    }
}

#[test]
fn secrets_of_destinations_are_never_logged() {
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
    let tables = format!("{:?}", config::parse(text, "test").unwrap());
    let settings = format!("{:?}", wired(text, Overrides::default()).unwrap());
    for shown in [tables, settings] {
        assert!(!shown.contains("hidden") && !shown.contains("aGlkZGVu"), "{shown}");
    }
}

#[test]
fn every_secret_of_a_site_may_be_in_a_file_or_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let text = |secret: &str| {
        format!(
            r#"
            [sites.acme]
            origins = ["*"]
            [[sites.acme.signers]]
            algorithm = "HS256"
            secret = {secret}
            [sites.acme.mail]
            from = "a@b.example"
            smtp = "smtp://user@localhost"
            password = {secret}
            [sites.acme.destinations.hook]
            to = "webhook"
            url = "https://a.example"
            secret = {secret}
            [sites.acme.destinations.box]
            to = "email"
            mailbox = "a@b.example"
            from = "c@d.example"
            smtp = "smtp://user@localhost"
            oauth = {{ token_url = "https://login.example/token", client_id = "a", client_secret = {secret}, refresh_token = {secret} }}
            reply_address = "r@d.example"
            webhook_secret = {secret}
            [sites.acme.destinations.desk]
            to = "zendesk"
            url = "https://acme.zendesk.com"
            client_id = "a"
            client_secret = {secret}
            webhook_secret = {secret}
            [sites.acme.destinations.old]
            to = "zendesk"
            url = "https://old.zendesk.com"
            email = "a@b.example"
            api_token = {secret}
            "#
        )
    };
    let from_file = text(&format!("{{ file = {file:?} }}"));
    std::fs::write(&file, "whsec_aGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVu\n").unwrap();
    let shown = format!("{:?}", wired(&from_file, Overrides::default()).unwrap());
    assert!(!shown.contains("aGlkZGVu"), "{shown}");
    std::fs::write(&file, "hidden").unwrap();
    let error = complaint(&from_file);
    assert!(error.starts_with("deskbell.toml:6: sites.acme.signers[0].secret: shorter than 32 bytes"), "{error}");
    let unset = text("{ env = \"DESKBELL_TEST_UNSET\" }");
    for section in unset.split("\n            [").skip(2) {
        let site = format!("[sites.acme]\norigins = [\"*\"]\n[{section}");
        let error = complaint(&site);
        assert!(
            error.contains("secret: the environment variable DESKBELL_TEST_UNSET is not set")
                || error.contains("password: the environment variable DESKBELL_TEST_UNSET is not set")
                || error.contains("api_token: the environment variable DESKBELL_TEST_UNSET is not set"),
            "{site}: {error}"
        );
    }
}

#[test]
fn errors_of_zendesk_settings_name_their_field() {
    let wrong = |lines: &str| {
        let table = format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.destinations.desk]\n{lines}");
        let complaint = complaint(&table);
        complaint.split_once("sites.acme.destinations.").unwrap().1.to_string()
    };
    const GOOD: &str =
        "to = \"zendesk\"\nurl = \"https://acme.zendesk.com\"\nclient_id = \"a\"\nclient_secret = \"b\"\n";
    for (lines, expected) in [
        ("", "desk: missing field `to`"),
        (
            "to = \"zendsk\"",
            "desk.to: \"zendsk\" is not a kind of destination; use one of zendesk, webhook, email, slack",
        ),
        (&format!("{GOOD}form_id = \"17\""), "desk.form_id: invalid type: string \"17\", expected u64"),
        (&format!("{GOOD}owners = {{ css = 1 }}"), "desk.owners: unknown variant `css`, did you mean `cs`?"),
        (&format!("{GOOD}webhook = \"x\""), "desk.webhook: unknown field `webhook`, did you mean `webhook_secret`?"),
        (&format!("{GOOD}webhook_secret = 17"), "desk.webhook_secret: invalid type: a number, expected a text, {"),
        (
            &format!("{GOOD}tags = [\"plan_{{paln}}\"]"),
            "desk.tags: {paln} is not a value of a ticket; use one of reference, kind,",
        ),
        (&format!("{GOOD}tags = [\"{{plan\"]"), "desk.tags: {plan has no closing brace"),
        (&format!("{GOOD}fields = {{ severity = \"{{severity}}\" }}"), "desk.fields: \"severity\" is not a field id"),
        (
            &format!("{GOOD}priorities = {{ high = \"higher\" }}"),
            "desk.priorities: \"higher\" is unknown to Zendesk; use one of",
        ),
        (
            "to = \"zendesk\"\nurl = \"acme.zendesk.com\"",
            "desk.url: \"acme.zendesk.com\" is not the address of an account; use",
        ),
        ("to = \"zendesk\"\nurl = \"https://a.zendesk.com\"", "desk.client_id: missing; use"),
        (
            "to = \"zendesk\"\nurl = \"https://a.zendesk.com\"\nclient_id = \"a\"",
            "desk.client_secret: missing; use { file = \"PATH\" }",
        ),
    ] {
        let error = wrong(lines);
        assert!(error.starts_with(expected), "{lines}\n is reported as\n{error}\n and not as\n{expected}");
    }
    let twice = wrong(&format!("{GOOD}[sites.acme.destinations.two]\n{GOOD}"));
    assert!(twice.starts_with("two: is the same as desk"), "{twice}");
}
