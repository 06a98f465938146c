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
fn the_example_is_valid_and_states_the_defaults() {
    let settings = load_text(include_str!("../deskbell.example.toml"), Overrides::default()).unwrap();
    assert_eq!(settings.listen, DEFAULT_LISTEN.parse().unwrap());
    assert_eq!(settings.database.url(), DEFAULT_DATABASE);
    assert_eq!(settings.attachments, Storage::Folder(default_attachments(&settings.database)));
    let site = &settings.sites["acme"];
    assert_eq!(site.origins, Origins::read(&["https://app.example.com".into()]).unwrap());
    assert_eq!(site.config.targets, domain::targets::default_targets());
    assert_eq!(site.config.kinds, Config::default().kinds);
    assert_eq!(site.config.attachments, Config::default().attachments);
}

#[test]
fn attachments_of_the_database_of_a_file_are_not_used_with_another_one() {
    let check = |file: &str, database: Option<&str>| {
        let overrides = Overrides { database: database.map(String::from), ..Overrides::default() };
        let settings = load_text(&format!("{file}\n[sites.acme]\norigins = [\"*\"]"), overrides).unwrap();
        settings.check_attachments().map_err(|error| error.to_string())
    };
    let both = "database = \"sqlite:data/live.db\"\nattachments = \"files\"";
    let refused = check(both, Some("sqlite:trial.db")).unwrap_err();
    for part in
        ["attachments", "data/live.db, but --database (DESKBELL_DATABASE) is trial.db", "Use a copy of this file"]
    {
        assert!(refused.contains(part), "{refused}");
    }
    check(both, Some("postgres://ada@db/desk")).unwrap_err();
    for (file, database) in [
        (both, None),
        (both, Some("sqlite:./data/live.db")),
        // Attachments are beside the database that is used.
        ("database = \"sqlite:data/live.db\"", Some("sqlite:trial.db")),
        // Only the command line names a database.
        ("attachments = \"files\"", Some("sqlite:trial.db")),
    ] {
        check(file, database).unwrap_or_else(|refused| panic!("{file} {database:?}: {refused}"));
    }
}

#[test]
fn the_example_names_every_field_of_a_site() {
    let example = include_str!("../deskbell.example.toml");
    let unset: Config = toml::from_str("").unwrap();
    let fields = serde_json::to_value(unset).unwrap();
    for field in fields.as_object().unwrap().keys() {
        let table = if panel::PANEL_OPTIONS.contains(&field.as_str()) { "sites.acme.panel" } else { "sites.acme" };
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
fn options_override_the_file_and_the_file_overrides_defaults() {
    let file = "listen = \"127.0.0.1:1\"\ndatabase = \"sqlite:file.db\"\nassets = \"from-file\"";
    let settings = load_text(file, Overrides::default()).unwrap();
    assert_eq!((settings.listen.port(), settings.database.url()), (1, "sqlite:file.db".into()));
    let overrides =
        Overrides { listen: Some("127.0.0.1:2".into()), assets: Some("from-flag".into()), ..Overrides::default() };
    let changed = load_text(file, overrides).unwrap();
    assert_eq!((changed.listen.port(), changed.assets), (2, Some("from-flag".into())));
    assert_eq!(changed.database.url(), "sqlite:file.db");
    assert_eq!(load_text("", Overrides::default()).unwrap().listen, DEFAULT_LISTEN.parse().unwrap());
}

#[test]
fn errors_name_file_line_field_and_allowed_values() {
    for (text, expected) in [
        ("listen = 1", "deskbell.toml:1: listen: invalid type: integer `1`, expected a string"),
        ("\nlisten = \"localhost\"", "deskbell.toml:2: listen: \"localhost\" is not ADDRESS:PORT"),
        ("listne = \"x\"", "deskbell.toml:1: listne: unknown field `listne`, did you mean `listen`?"),
        ("place = \"x\"", "deskbell.toml:1: place: unknown field `place`, expected one of `listen`, `database`"),
        ("listen = ", "deskbell.toml:1: "),
        (
            "database = \"mysql://x\"",
            "deskbell.toml:1: database: \"mysql\" is not the beginning of a database URL; use sqlite:PATH",
        ),
        ("database_readers = 0", "deskbell.toml:1: database_readers: 0 is out of range; use 1 to 64"),
        ("inbox_token = \"short\"", "deskbell.toml:1: inbox_token: shorter than 16 characters"),
        ("[sites.acme]", "sites.acme: missing field `origins`"),
        ("[sites.acme]\norigins = []", "deskbell.toml:2: sites.acme.origins: list the pages that embed the panel"),
        (
            "[sites.acme]\norigins = [\"app.example.com\"]",
            "sites.acme.origins: \"app.example.com\" is not an origin: the scheme is missing; use https://app.example.com",
        ),
        (
            "[sites.acme]\norigins = [\"https://a.example/x\"]",
            "is not an origin: an origin ends after host and port; use https://a.example",
        ),
        (
            "[sites.acme]\norigins = [\"*\", \"https://a.example\"]",
            "deskbell.toml:2: sites.acme.origins: list the pages",
        ),
        ("[sites.\"a b\"]\norigins = [\"*\"]", "sites.a b: not a site name"),
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
            "deskbell.toml:3: sites.acme.panel.kinds: must not be empty; use at least one",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[sites.acme.panel.theme]\naccent = \"blue\"",
            "deskbell.toml:4: sites.acme.panel.theme.accent: \"blue\" is not a color; use #rgb or #rrggbb",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nattachments = { types = [\"image/svg+xml\"] }",
            "deskbell.toml:3: sites.acme.attachments.types[0]: unknown variant `image/svg+xml`, expected one of `image/png`, `image/jpeg`",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nattachments = { max_bytes = 0 }",
            "deskbell.toml:3: sites.acme.attachments.max_bytes: 0 is out of range; use 1 to 100000000",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nattachments = { max_count = 51 }",
            "deskbell.toml:3: sites.acme.attachments.max_count: 51 is out of range; use 0 to 50",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\nplans = { free = \"none\" }",
            "deskbell.toml:3: sites.acme.plans.free: unknown variant `none`, expected one of `high`, `medium`, `low`",
        ),
        (
            "[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"reddit\"\nurl = \"https://a.example\"",
            "deskbell.toml:4: sites.acme.imports[0].from: unknown variant `reddit`, expected one of `jsonl`, `csv`, `discourse`",
        ),
    ] {
        let error = complaint(text);
        assert!(error.contains(expected), "{text}\n is reported as\n{error}\n and not as\n{expected}");
    }
}

#[test]
fn errors_of_options_name_their_environment_variable() {
    let overrides = Overrides { listen: Some("8080".into()), ..Overrides::default() };
    let error = load(&overrides).unwrap_err().to_string();
    assert!(error.starts_with("--listen (DESKBELL_LISTEN): \"8080\" is not ADDRESS:PORT"), "{error}");
}

#[test]
fn the_inbox_token_is_read_from_a_file_and_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "0123456789abcdef\n").unwrap();
    let settings = load_text(&format!("inbox_token_file = {path:?}"), Overrides::default()).unwrap();
    let token = settings.logins.shared_token.clone().unwrap();
    assert!(token.equals("0123456789abcdef") && !token.equals("0123456789abcde"));
    assert!(!format!("{settings:?}").contains("0123456789abcdef"));
}

#[test]
fn the_demo_has_its_own_site_and_database() {
    let settings = load(&Overrides { demo: true, ..Overrides::default() }).unwrap();
    assert_eq!(settings.sites["demo"].origins, Origins::Any);
    assert_eq!(settings.database.url(), "sqlite:data/demo.db");
}

#[test]
fn business_hours_are_parsed_with_clear_errors() {
    let site = |fields: &str| format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.hours]\n{fields}");
    let berlin = "zone = \"Europe/Berlin\"\n";
    let settings = load_text(&site(berlin), Overrides::default()).unwrap();
    let hours = settings.sites["acme"].hours.clone().unwrap();
    let days = hours.usual.week.iter().filter(|spans| !spans.is_empty()).count();
    assert_eq!((days, hours.usual.holidays.len(), hours.severities.len()), (5, 0, 0));
    for (fields, expected) in [
        ("", "missing field `zone`"),
        ("zone = \"Berlin\"", "sites.acme.hours.zone: \"Berlin\" is not a time zone; use one such as"),
        ("zone = \"UTC\"\nfrom = \"9\"", "sites.acme.hours.from: \"9\" is not a time of day; use \"09:00\""),
        ("zone = \"UTC\"\nto = \"25:00\"", "sites.acme.hours.to: \"25:00\" is not a time of day"),
        ("zone = \"UTC\"\nfrom = \"17:00\"\nto = \"17:00\"", "sites.acme.hours.to: the end must differ from the start"),
        ("zone = \"UTC\"\ndays = []", "sites.acme.hours.days: must not be empty"),
        ("zone = \"UTC\"\ndays = [\"monday\"]", "unknown variant `monday`, expected one of `mon`, `tue`"),
        ("zone = \"UTC\"\nholidays = [\"25.12.2026\"]", "sites.acme.hours.holidays: \"25.12.2026\" is not a day; use"),
    ] {
        let complaint = complaint(&site(fields));
        assert!(complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn on_call_rotations_are_parsed_with_clear_errors() {
    let site = |fields: &str| format!("[sites.acme]\norigins = [\"*\"]\n{fields}");
    let turns = "[sites.acme.rota.growth]\nfrom = \"2026-11-23\"\npeople = [\"Ana\", \"Ben\"]";
    let settings = load_text(&site(turns), Overrides::default()).unwrap();
    let monday = "2026-11-30T00:00:00Z".parse().unwrap();
    assert_eq!(settings.sites["acme"].rota.hero("growth", monday), Some("Ben"));
    for (fields, expected) in [
        ("[sites.acme.rota.growth]\npeople = [\"Ana\"]", "sites.acme.rota.growth: missing field `from`"),
        (
            "[sites.acme.rota.growth]\nfrom = \"monday\"\npeople = [\"Ana\"]",
            "sites.acme.rota.growth.from: \"monday\" is not a day; use \"2026-11-23\"",
        ),
        (
            "[sites.acme.rota.growth]\nfrom = \"2026-11-23\"\npeople = []",
            "sites.acme.rota.growth.people: must not be empty; add at least one name",
        ),
        ("support_engineers = [\"nothing\"]", "sites.acme.support_engineers: \"nothing\" is not the id of a topic"),
    ] {
        let complaint = complaint(&site(fields));
        assert!(complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn the_example_destinations_are_valid() {
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
        "webhook_secret = ",
        "url = { file = ",
    ] {
        assert!(text.contains(&format!("\n{field}")), "{field} in {text}");
    }
}

#[test]
fn unknown_fields_suggest_the_closest_field_in_every_table() {
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
fn old_panel_options_are_read_with_one_notice() {
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
        [
            "panel options outside of their table are deprecated and will be rejected by the next version: move kinds, theme from [sites.acme] to [sites.acme.panel]; move consent from [sites.other] to [sites.other.panel]"
        ]
    );
    assert!(misplaced(&new).is_empty());
}

#[test]
fn an_option_in_both_its_old_and_new_table_is_an_error() {
    let text = "[sites.acme]\norigins = [\"*\"]\nkinds = [\"bug\"]\n[sites.acme.panel]\nkinds = [\"bug\"]";
    assert_eq!(complaint(text), "deskbell.toml:3: sites.acme.kinds: also set in [sites.acme.panel]; keep that one");
}
