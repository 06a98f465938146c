//! Templates for lines with varying parts, such as those of a log.

use crate::random::{BASE32, BASE62, BASE64, BASE64_URL, DIGITS, HEX, Random};

type Template = fn(&mut Random) -> String;

/// The templates by class. Every other one of a class is held out.
pub const ALL: &[(&str, &[Template])] = &[
    ("generated logs", LOGS),
    ("generated URLs", URLS),
    ("generated stacks", STACKS),
    ("generated hashes", HASHES),
    ("generated dates", DATES),
    ("generated numbers", NUMBERS),
    ("generated code", CODE),
    ("generated deployments", DEPLOYMENTS),
];

const LOGS: &[Template] = &[
    |r| format!("{} INFO  http: GET /api/{} 200 in {} ms", iso(r), word(r), r.between(1, 4000)),
    |r| {
        format!(
            "level=warn ts={} msg=\"slow query\" rows={} duration={}ms",
            epoch(r),
            r.between(1, 90_000),
            r.between(200, 9000)
        )
    },
    |r| {
        format!(
            "[{}] {} worker-{} finished job {} after {} tries",
            clock(r),
            word(r),
            r.between(1, 32),
            r.between(1, 99_999),
            r.between(1, 9)
        )
    },
    |r| {
        format!(
            "{{\"level\":30,\"time\":{},\"pid\":{},\"msg\":\"{} reloaded\"}}",
            millis(r),
            r.between(2, 60_000),
            word(r)
        )
    },
    |r| {
        format!(
            "token_count={} max_tokens={} model={} latency={}",
            r.between(1, 9000),
            r.between(256, 8192),
            word(r),
            r.between(90, 9000)
        )
    },
    |r| {
        format!(
            "usage: {{ prompt_tokens: {}, completion_tokens: {}, total_tokens: {} }}",
            r.between(1, 9000),
            r.between(1, 900),
            r.between(9, 9900)
        )
    },
    |r| {
        format!(
            "passed: {} failed: {} skipped: {} in {}.{} s",
            r.between(1, 900),
            r.between(0, 9),
            r.between(0, 9),
            r.between(1, 99),
            r.between(0, 9)
        )
    },
    |r| format!("cache key={}:{}:{} hit={}", word(r), word(r), r.between(1, 900), flag(r)),
    |r| {
        format!(
            "web-{} | \"GET /assets/{}-{}.js HTTP/1.1\" 200 {} \"-\"",
            r.between(1, 9),
            word(r),
            r.text(HEX, 8),
            r.between(200, 900_000)
        )
    },
    |r| format!("request_id={} trace_id={} span_id={} status={}", uuid(r), r.text(HEX, 32), r.text(HEX, 16), status(r)),
    |r| format!("traceparent: 00-{}-{}-01", r.text(HEX, 32), r.text(HEX, 16)),
    |r| {
        format!(
            "password_reset_enabled: {} password_min_length: {} password_max_age_days: {}",
            flag(r),
            r.between(8, 16),
            r.between(30, 365)
        )
    },
    |r| format!("rate limit: remaining={} reset={} limit={}", r.between(0, 5000), epoch(r), r.between(100, 5000)),
    |r| {
        format!(
            "session started after {} ms, session_count={}, sessions_per_user={}.{}",
            r.between(1, 900),
            r.between(1, 9000),
            r.between(1, 9),
            r.between(10, 99)
        )
    },
];

const URLS: &[Template] = &[
    |r| {
        format!(
            "https://app.example.com/{}?page={}&per_page={}&sort=-created_at",
            word(r),
            r.between(1, 90),
            r.pick(&[10, 25, 50, 100])
        )
    },
    |r| {
        format!(
            "https://www.example.com/{}?utm_source=newsletter&utm_medium=email&utm_campaign={}_{}",
            word(r),
            word(r),
            r.between(2019, 2026)
        )
    },
    |r| format!("https://app.example.com/{}/{}/edit?tab={}&from={}", word(r), uuid(r), word(r), word(r)),
    |r| {
        format!(
            "https://app.example.com/search?q={}+{}&filter%5Bstatus%5D={}&limit={}",
            word(r),
            word(r),
            word(r),
            r.between(5, 99)
        )
    },
    |r| format!("https://api.example.com/v2/events?id={}&after={}", uuid(r), millis(r)),
    |r| {
        format!("https://git.example.com/team/{}/commit/{}?diff=split#L{}", word(r), r.text(HEX, 40), r.between(1, 900))
    },
    |r| {
        format!(
            "https://cdn.example.com/img/{}.webp?w={}&h={}&fit=crop&v={}",
            r.text(HEX, 32),
            r.between(16, 2000),
            r.between(16, 2000),
            r.text(HEX, 8)
        )
    },
    |r| format!("https://app.example.com/error?code={}&reason={}%20not%20found", status(r), word(r)),
    |r| format!("https://app.example.com/#/{}/{}?view=board&group={}", word(r), r.between(1, 99_999), word(r)),
    |r| format!("https://files.example.com/{}/report-{}.pdf?download=1&sha256={}", word(r), day(r), r.text(HEX, 64)),
    |r| format!("https://maps.example.com/?ll={},{}&z={}", coordinate(r), coordinate(r), r.between(1, 19)),
    |r| format!("https://www.example.com/blog/{}/{}-{}-and-{}", day(r).replace('-', "/"), word(r), word(r), word(r)),
    |r| format!("https://app.example.com/login?next=%2F{}%2F{}%3Ftab%3D{}", word(r), r.between(1, 9000), word(r)),
    |r| format!("https://app.example.com/reports?from={}&to={}&tz=Europe%2FBerlin&currency=EUR", day(r), day(r)),
    |r| {
        format!(
            "https://analytics.example.com/collect?v=2&cid={}.{}&sr=1920x1080&ul=de-de",
            r.between(100_000_000, 999_999_999),
            epoch(r)
        )
    },
    |r| format!("/{}?keyword={}&author=ada&monkey={}&keyboard=qwerty", word(r), word(r), r.between(1, 9)),
];

const STACKS: &[Template] = &[
    |r| {
        format!(
            "    at {} (https://app.example.com/assets/index-{}.js:{}:{})",
            word(r),
            r.text(BASE64_URL, 8),
            r.between(1, 90),
            r.between(1, 90_000)
        )
    },
    |r| {
        format!(
            "{}@https://app.example.com/static/js/main.{}.chunk.js:{}:{}",
            word(r),
            r.text(HEX, 8),
            r.between(1, 9),
            r.between(1, 90_000)
        )
    },
    |r| {
        format!(
            "    at async {} (file:///srv/app/dist/{}.mjs:{}:{})",
            word(r),
            word(r),
            r.between(1, 900),
            r.between(1, 90)
        )
    },
    |r| format!("  File \"/srv/app/{}/{}.py\", line {}, in {}", word(r), word(r), r.between(1, 900), word(r)),
    |r| format!("\tat com.example.{}.TokenService.verify(TokenService.java:{})", word(r), r.between(1, 900)),
    |r| format!("\t/go/src/app/{}/{}.go:{} +0x{}", word(r), word(r), r.between(1, 900), r.text(HEX, 3)),
    |r| format!("  {}: {}::{}::h{}", r.between(0, 40), word(r), word(r), r.text(HEX, 16)),
    |r| {
        format!(
            "thread '{}' panicked at src/{}.rs:{}:{}: index out of bounds",
            word(r),
            word(r),
            r.between(1, 900),
            r.between(1, 90)
        )
    },
    |r| {
        format!(
            "    at wasm-function[{}]:0x{} (https://app.example.com/pkg/widget-{}_bg.wasm)",
            r.between(1, 9000),
            r.text(HEX, 5),
            r.text(HEX, 16)
        )
    },
    |r| {
        format!(
            "    at eval (webpack-internal:///./src/{}/{}.tsx:{}:{})",
            word(r),
            word(r),
            r.between(1, 900),
            r.between(1, 90)
        )
    },
    |r| {
        format!(
            "goroutine {} [running]: main.{}(0xc000{}, 0x{})",
            r.between(1, 900),
            word(r),
            r.text(HEX, 6),
            r.text(HEX, 2)
        )
    },
    |r| {
        format!("Uncaught SyntaxError: Unexpected token '<' at {}-{}.js:{}", word(r), r.text(HEX, 8), r.between(1, 900))
    },
];

const HASHES: &[Template] = &[
    |r| format!("{}  {}.tar.gz", r.text(HEX, 64), word(r)),
    |r| format!("commit {}", r.text(HEX, 40)),
    |r| format!("{} {} the {}", r.text(HEX, 7), r.pick(&["Fix", "Add", "Move", "Drop"]), word(r)),
    |r| format!("md5({}.png) = {}", word(r), r.text(HEX, 32)),
    |r| format!("index {}..{} 100644", r.text(HEX, 10), r.text(HEX, 10)),
    |r| {
        format!(
            "<script src=\"/{}.js\" integrity=\"sha384-{}\" crossorigin=\"anonymous\">",
            word(r),
            r.text(BASE64, 64)
        )
    },
    |r| format!("ETag: W/\"{}-{}\"", r.text(HEX, 5), r.text(BASE64, 27)),
    |r| format!("  \"integrity\": \"sha512-{}==\",", r.text(BASE64, 86)),
    |r| format!("correlation {} belongs to {}", uuid(r), uuid(r)),
    |r| format!("checksum = \"{}\"", r.text(HEX, 64)),
    |r| format!("ULID 01{} of build {}", r.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24), r.between(1, 90_000)),
    |r| format!("Content-Security-Policy: script-src 'sha256-{}='", r.text(BASE64, 43)),
    |r| format!("Merge: {} {}", r.text(HEX, 7), r.text(HEX, 7)),
    |r| format!("certificate fingerprint {}", colons(r, 20)),
];

const DATES: &[Template] = &[
    |r| {
        format!(
            "Last-Modified: {}, {:02} {} {} {} GMT",
            r.pick(&["Mon", "Tue", "Thu", "Sun"]),
            r.between(1, 28),
            month(r),
            r.between(2015, 2026),
            clock(r)
        )
    },
    |r| format!("created {} updated {}", iso(r), iso(r)),
    |r| format!("now={} then={}", millis(r), millis(r)),
    |r| format!("{{\"iat\":{},\"exp\":{},\"auth_time\":{}}}", epoch(r), epoch(r), epoch(r)),
    |r| {
        format!(
            "Le {} {} {} à {} h {}",
            r.between(1, 28),
            r.pick(&["janvier", "mai", "août"]),
            r.between(2019, 2026),
            r.between(0, 23),
            r.between(10, 59)
        )
    },
    |r| format!("Am {}.{}.{} um {} Uhr", r.between(1, 28), r.between(1, 12), r.between(2019, 2026), clock(r)),
    |r| format!("performance.now() = {}.{}", r.between(100, 9_000_000), r.text(DIGITS, 13)),
    |r| format!("microseconds since the epoch: {}{}", epoch(r), r.text(DIGITS, 6)),
    |r| format!("P{}DT{}H{}M every week until {}", r.between(1, 6), r.between(1, 23), r.between(1, 59), day(r)),
    |r| format!("snapshot-{}-{}.sql.gz", day(r).replace('-', ""), clock(r).replace(':', "")),
];

const NUMBERS: &[Template] = &[
    |r| format!("Order {}-{}-{} was shipped", r.between(100, 999), r.text(DIGITS, 7), r.text(DIGITS, 7)),
    |r| format!("order_id=1{}", r.text(DIGITS, 15)),
    |r| {
        format!(
            "Invoice INV-{}-{}: {}.{} EUR",
            r.between(2019, 2026),
            r.text(DIGITS, 5),
            r.between(1, 9000),
            r.text(DIGITS, 2)
        )
    },
    |r| format!("EAN {}", r.pick(&["40", "76", "87", "50", "93"]).to_string() + &r.text(DIGITS, 11)),
    |r| format!("Call +49 30 {} {} between {} and 17", r.text(DIGITS, 4), r.text(DIGITS, 4), r.between(8, 12)),
    |r| format!("ISBN 978-3-{}-{}-{}", r.text(DIGITS, 3), r.text(DIGITS, 5), r.text(DIGITS, 1)),
    |r| format!("Position {}, {}", coordinate(r), coordinate(r)),
    |r| format!("Tel. 0{} / {}-{}", r.between(20, 89), r.text(DIGITS, 6), r.text(DIGITS, 2)),
    |r| format!("ratio 0.{} of {},{} rows", r.text(DIGITS, 16), r.between(1, 999), r.text(DIGITS, 3)),
    |r| format!("tweet 1{} has {} replies", r.text(DIGITS, 18), r.between(0, 900)),
    |r| {
        format!(
            "Parcel {} {} {} {} is on its way",
            r.text(DIGITS, 3),
            r.text(DIGITS, 3),
            r.text(DIGITS, 3),
            r.text(DIGITS, 3)
        )
    },
    |r| {
        format!(
            "matrix({}, {}, -{}, {}, {}, {})",
            r.between(0, 9),
            r.between(0, 9),
            r.between(0, 9),
            r.between(0, 9),
            r.between(0, 900),
            r.between(0, 900)
        )
    },
    |r| {
        format!(
            "heap {} of {} bytes, {}%",
            r.between(1_000_000, 900_000_000),
            r.between(1_000_000_000, 4_000_000_000),
            r.between(1, 99)
        )
    },
    |r| format!("reference {}", failing_luhn(r)),
];

const CODE: &[Template] = &[
    |r| format!(".{} {{ color: #{}; margin: {}px {}rem }}", word(r), r.text(HEX, 6), r.between(0, 90), r.between(0, 9)),
    |r| format!("SELECT id, token_type FROM {} WHERE key = '{}' LIMIT {}", word(r), word(r), r.between(1, 900)),
    |r| {
        format!(
            "chunk {{{}}} {}.{}.js ({}) {} kB [rendered]",
            r.between(0, 90),
            word(r),
            r.text(HEX, 20),
            word(r),
            r.between(1, 900)
        )
    },
    |r| {
        format!(
            "<{} key={{{}}} onKeyDown={{on{}}} className=\"{}_{}__{}\">",
            word(r),
            r.between(0, 90),
            r.between(1, 9),
            word(r),
            word(r),
            r.text(BASE62, 5)
        )
    },
    |r| {
        format!(
            "src/{}.ts({},{}): error TS2345: Argument of type 'Token' is not assignable",
            word(r),
            r.between(1, 900),
            r.between(1, 90)
        )
    },
    |r| {
        format!(
            "event.key === '{}' && event.code === 'Key{}'",
            r.pick(&["ArrowDown", "Enter", "Escape", "Tab"]),
            r.text("ABCDEFG", 1)
        )
    },
    |r| format!("feature flag {}-{} is {} for {}% of sessions", word(r), word(r), flag(r), r.between(1, 100)),
    |r| format!("{}_requests_total{{method=\"GET\",code=\"{}\"}} {}", word(r), status(r), r.between(1, 900_000)),
    |r| format!("localStorage.{}:{} = {{\"theme\":\"dark\",\"version\":{}}}", word(r), word(r), r.between(1, 90)),
    |r| format!("const {} = useMemo(() => tokens.slice(0, {}), [tokens, key]);", word(r), r.between(1, 90)),
    |r| format!("git checkout -b {}/{}-{} origin/main", word(r), word(r), r.between(1, 9000)),
    |r| format!("UPDATE {} SET password_changed_at = '{}' WHERE id = {}", word(r), iso(r), r.between(1, 90_000)),
    |r| {
        format!(
            "dist/assets/{}-{}.css  {}.{} kB │ gzip: {}.{} kB",
            word(r),
            r.text(BASE64_URL, 8),
            r.between(1, 900),
            r.text(DIGITS, 2),
            r.between(1, 90),
            r.text(DIGITS, 2)
        )
    },
    |r| {
        format!(
            "width=\"{}\" d=\"M{}.{} {}c-{}.{} {}-{} {}\"",
            r.between(8, 64),
            r.between(1, 24),
            r.between(0, 9),
            r.between(1, 24),
            r.between(0, 9),
            r.between(1, 9),
            r.between(1, 9),
            r.between(1, 9),
            r.between(1, 9)
        )
    },
];

const DEPLOYMENTS: &[Template] = &[
    |r| {
        format!(
            "pod/{}-api-{}-{} restarted {} times",
            word(r),
            r.text("bcdfghjklmnpqrstvwxz2456789", 10),
            r.text("bcdfghjklmnpqrstvwxz2456789", 5),
            r.between(1, 9)
        )
    },
    |r| format!("docker pull registry.example.com/{}@sha256:{}", word(r), r.text(HEX, 64)),
    |r| {
        format!(
            "{} {}.{}.{} -> {}.{}.{}-rc.{}",
            word(r),
            r.between(0, 9),
            r.between(0, 40),
            r.between(0, 40),
            r.between(0, 9),
            r.between(0, 40),
            r.between(0, 40),
            r.between(1, 9)
        )
    },
    |r| {
        format!(
            "/home/ada/projects/{}/node_modules/.pnpm/{}@{}.{}.{}/index.js",
            word(r),
            word(r),
            r.between(0, 9),
            r.between(0, 40),
            r.between(0, 40)
        )
    },
    |r| format!("Deployed {} as dpl_{} to eu-central-{}", word(r), r.text(BASE62, 12), r.between(1, 3)),
    |r| format!("C:\\Users\\ada\\AppData\\Local\\Temp\\{}-{}.log", word(r), r.between(1, 99_999)),
    |r| format!("arn:aws:s3:::{}-{}-logs", word(r), r.between(1, 99)),
    |r| format!("container {} exit code={} oom={}", r.text(HEX, 12), r.between(0, 255), flag(r)),
    |r| format!("i-0{} subnet-0{} is healthy", r.text(HEX, 16), r.text(HEX, 16)),
    |r| format!("link/ether {} mtu {}", colons(r, 6), r.pick(&[1400, 1500, 9000])),
    |r| format!("X-Request-Id: {} region={} cf-ray: {}-FRA", uuid(r), word(r), r.text(HEX, 16)),
    |r| {
        format!(
            "build {} of {}: {} tests, {} warnings, license key {}",
            r.between(1, 9000),
            word(r),
            r.between(1, 900),
            r.between(0, 90),
            r.pick(&["found", "missing", "not needed"])
        )
    },
    |r| {
        format!(
            "NAME {}-{} READY {}/3 AGE {}d",
            word(r),
            r.text(BASE32, 4).to_lowercase(),
            r.between(0, 3),
            r.between(1, 99)
        )
    },
    |r| format!("secret/{}-tls unchanged, configmap/{} configured in {} ms", word(r), word(r), r.between(1, 900)),
];

fn word(r: &mut Random) -> &'static str {
    r.pick(&[
        "invoices",
        "basket",
        "editor",
        "upload",
        "profile",
        "calendar",
        "monkey",
        "author",
        "keyboard",
        "passenger",
        "compass",
        "tokenizer",
        "keynote",
        "secretary",
        "sessions",
        "bypass",
        "turkey",
        "billing",
        "dashboard",
        "reports",
        "teams",
        "orders",
        "passport",
        "pinboard",
        "signature-pad",
        "hashtags",
        "authors",
        "credits",
    ])
}

fn flag(r: &mut Random) -> &'static str {
    r.pick(&["true", "false"])
}

fn status(r: &mut Random) -> u64 {
    r.pick(&[200, 201, 204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503])
}

fn month(r: &mut Random) -> &'static str {
    r.pick(&["Jan", "Mar", "May", "Jul", "Oct", "Dec"])
}

fn day(r: &mut Random) -> String {
    format!("{}-{:02}-{:02}", r.between(2015, 2026), r.between(1, 12), r.between(1, 28))
}

fn clock(r: &mut Random) -> String {
    format!("{:02}:{:02}:{:02}", r.between(0, 23), r.between(0, 59), r.between(0, 59))
}

fn iso(r: &mut Random) -> String {
    format!("{}T{}.{:03}Z", day(r), clock(r), r.between(0, 999))
}

fn epoch(r: &mut Random) -> u64 {
    r.between(1_500_000_000, 1_790_000_000)
}

fn millis(r: &mut Random) -> u64 {
    epoch(r) * 1000 + r.between(0, 999)
}

fn coordinate(r: &mut Random) -> String {
    format!("{}.{}", r.between(0, 89), r.text(DIGITS, 6))
}

fn uuid(r: &mut Random) -> String {
    format!("{}-{}-4{}-a{}-{}", r.text(HEX, 8), r.text(HEX, 4), r.text(HEX, 3), r.text(HEX, 3), r.text(HEX, 12))
}

/// Pairs of hexadecimal digits separated by colons.
fn colons(r: &mut Random, count: usize) -> String {
    (0..count).map(|_| r.text("0123456789ABCDEF", 2)).collect::<Vec<_>>().join(":")
}

/// Sixteen digits with the prefix of a card and a wrong check digit.
fn failing_luhn(r: &mut Random) -> String {
    let digits = format!("4{}", r.text(DIGITS, 14));
    let doubled = digits.bytes().rev().enumerate().map(|(index, byte)| {
        let value = u64::from(byte - b'0');
        if index % 2 == 0 { value * 2 / 10 + value * 2 % 10 } else { value }
    });
    let right = (10 - doubled.sum::<u64>() % 10) % 10;
    format!("{digits}{}", (right + r.between(1, 9)) % 10)
}
