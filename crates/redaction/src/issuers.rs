//! The prefixes that issuers give their secrets.
//!
//! A row is a kind of secret that its form does not identify with certainty: it is short, hexadecimal, in one case or without a joint after its
//! prefix. `tests/world/redaction/table.toml` has values of these and of those that need no row. Sources are the rule sets that scanners of
//! repositories publish (gitleaks, Nosey Parker, TruffleHog, Kingfisher), where no page of the issuer is named; "several" are at least three of
//! smaller ones.

/// What follows a prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// At least 16 bytes of base64url, with a capital or digit among them: nothing else has the prefix.
    Token,
    /// The same, of either base64 and what joins the parts of addresses.
    Parts,
    /// At least 16 bytes that look random: other names have the prefix as well.
    Random,
    /// 32 hexadecimal digits.
    Hex,
}

/// Prefixes, each followed by a space. Add a line for a new issuer.
#[rustfmt::skip]
const ISSUERS: [(Follows, &str); 4] = [
    (Follows::Token, concat!(
        "AKIA ", // AWS access key: gitleaks aws-access-token
        "ASIA ", // AWS temporary access key: gitleaks aws-access-token
        "ABIA ", // AWS bearer token: gitleaks aws-access-token
        "ACCA ", // AWS context-specific credential: gitleaks aws-access-token
        "LTAI ", // Alibaba Cloud: gitleaks alibaba-access-key-id
        "AKID ", // Tencent Cloud: rules of several public scanners
        "GOCSPX- ", // Google OAuth client secret: noseyparker google.yml
        "ghp_ ", // GitHub: gitleaks github-pat
        "gho_ ", // GitHub: gitleaks github-oauth
        "ghu_ ", // GitHub: gitleaks github-app-token
        "ghs_ ", // GitHub: gitleaks github-app-token
        "ghr_ ", // GitHub: gitleaks github-refresh-token
        "glpat- ", // GitLab: gitleaks gitlab-pat
        "gldt- ", // GitLab: gitleaks gitlab-deploy-token
        "glrt- ", // GitLab: gitleaks gitlab-runner-authentication-token
        "glrtr- ", // GitLab: docs.gitlab.com/security/tokens
        "glcbt- ", // GitLab: gitleaks gitlab-cicd-job-token
        "glptt- ", // GitLab: gitleaks gitlab-ptt
        "glft- ", // GitLab: gitleaks gitlab-feed-token
        "glimt- ", // GitLab: gitleaks gitlab-incoming-mail-token
        "glagent- ", // GitLab: gitleaks gitlab-kubernetes-agent-token
        "gloas- ", // GitLab: gitleaks gitlab-oauth-app-secret
        "glsoat- ", // GitLab: gitleaks gitlab-scim-token
        "glffct- ", // GitLab: gitleaks gitlab-feature-flag-client-token
        "glwt- ", // GitLab: docs.gitlab.com/security/tokens
        "GR1348941 ", // GitLab: gitleaks gitlab-rrt
        "ATBB ", // Bitbucket: noseyparker bitbucket.yml
        "xoxa- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxb- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxc- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxd- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxe- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxe. ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxo- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxp- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxr- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xoxs- ", // Slack: gitleaks slack-bot-token and the rules beside it
        "xapp- ", // Slack: gitleaks slack-app-token
        "whsec_ ", // Stripe: docs.stripe.com/webhooks
        "xkeysib- ", // Brevo: gitleaks sendinblue-api-token
        "rubygems_ ", // RubyGems: gitleaks rubygems-api-token
        "CLOJARS_ ", // Clojars: gitleaks clojars-api-token
        "bkua_ ", // Buildkite: trufflehog buildkite/v2
        "NRAK- ", // New Relic: gitleaks new-relic-user-api-key
        "NRII- ", // New Relic: gitleaks new-relic-insert-key
        "NRIQ- ", // New Relic: trufflehog newrelicinsightsquerykey
        "NRJS- ", // New Relic: gitleaks new-relic-browser-api-token
        "sntryu_ ", // Sentry: gitleaks sentry-user-token
        "sbp_ ", // Supabase: trufflehog supabasetoken
        "sb_secret_ ", // Supabase: supabase.com/docs/guides/api/api-keys
        "dop_v1_ ", // DigitalOcean: gitleaks digitalocean-pat
        "doo_v1_ ", // DigitalOcean: gitleaks digitalocean-access-token
        "dor_v1_ ", // DigitalOcean: gitleaks digitalocean-refresh-token
        "lin_ ", // Linear: gitleaks linear-api-key
        "FLWSECK ", // Flutterwave: gitleaks flutterwave-secret-key
        "shippo_ ", // Shippo: gitleaks shippo-api-token
        "sgp_ ", // Sourcegraph, Segment: gitleaks sourcegraph-access-token
        "slk_ ", // Sourcegraph: trufflehog sourcegraphcody
        "squ_ ", // SonarQube: gitleaks sonar-api-token
        "sqp_ ", // SonarQube: gitleaks sonar-api-token
        "sqa_ ", // SonarQube: gitleaks sonar-api-token
        "lsv2_ ", // LangSmith: trufflehog langsmith
        "PMAK- ", // Postman: gitleaks postman-api-token
        "pul- ", // Pulumi: gitleaks pulumi-api-token
        "rzp_ ", // Razorpay: trufflehog razorpay
        "aio_ ", // Adafruit IO: noseyparker adafruitio.yml
        "rootly_ ", // Rootly: trufflehog rootly
        "sq0 ", // Square: gitleaks square-access-token
        "sk_ ", // Stripe, Clerk, Paystack, ElevenLabs: gitleaks stripe-access-token
        "rk_ ", // Stripe: gitleaks stripe-access-token
        "npm_ ", // npm: gitleaks npm-access-token
        "hf_ ", // Hugging Face: gitleaks huggingface-access-token
        "dckr_ ", // Docker: trufflehog dockerhub/v2
        "sm_pat_ ", // SettleMint: gitleaks settlemint-personal-access-token
        "sm_aat_ ", // SettleMint: gitleaks settlemint-application-access-token
        "hvs. ", // HashiCorp Vault: gitleaks vault-service-token
        "hvb. ", // HashiCorp Vault: gitleaks vault-batch-token
        "hvr. ", // HashiCorp Vault: noseyparker hashicorp.yml
        "AIza ", // Google API key: gitleaks gcp-api-key
        "api_org_ ", // Hugging Face: gitleaks huggingface-organization-api-token
        "flb_live_ ", // Fleetbase: trufflehog fleetbase
        "BBFF- ", // Ubidots: trufflehog ubidots
        "4b1d ", // ClickHouse Cloud: gitleaks clickhouse-cloud-api-secret-key
        "pscale_ ", // PlanetScale: gitleaks planetscale-api-token
        "ak_live_ ", // Pagar.me: trufflehog pagarme
        "github_pat_ ", // GitHub: gitleaks github-fine-grained-pat
        "gsk_ ", // Groq: trufflehog groq
        "xai- ", // xAI: trufflehog xai
        "pplx- ", // Perplexity: gitleaks perplexity-api-key
        "nvapi- ", // NVIDIA: trufflehog nvapi
        "figd_ ", // Figma: trufflehog figmapersonalaccesstoken
        "ntn_ ", // Notion: gitleaks notion-api-token
        "secret_ ", // Notion: trufflehog notion
        "r8_ ", // Replicate: trufflehog replicate
        "glsa_ ", // Grafana: gitleaks grafana-service-account-token
        "nfp_ ", // Netlify: trufflehog netlify/v2
        "vcp_ ", // Vercel: vercel.com/changelog/new-token-formats-and-secret-scanning
        "vci_ ", // Vercel: the same
        "vca_ ", // Vercel: the same
        "vcr_ ", // Vercel: the same
        "vck_ ", // Vercel: the same
        "tvly- ", // Tavily: noseyparker tavily.yml
        "CFPAT- ", // Contentful: trufflehog contentfulpersonalaccesstoken
        "shpat_ ", // Shopify: gitleaks shopify-access-token
        "shpca_ ", // Shopify: gitleaks shopify-custom-access-token
        "shppa_ ", // Shopify: gitleaks shopify-private-app-access-token
        "shpss_ ", // Shopify: gitleaks shopify-shared-secret
        "dp. ", // Doppler: gitleaks doppler-api-token
        "fo1_ ", // Fly.io: gitleaks flyio-access-token
        "pypi- ", // PyPI: gitleaks pypi-upload-token
        "AGE-SECRET-KEY-1 ", // age: gitleaks age-secret-key
        "CCIPAT_ ", // CircleCI: trufflehog circleci/v2
        "tskey- ", // Tailscale: trufflehog tailscale
        "sl. ", // Dropbox: gitleaks dropbox-short-lived-api-token
        "pcsk_ ", // Pinecone: trufflehog pinecone
        "cfut_ ", // Cloudflare: trufflehog cloudflareapitoken/v2
        "pnu_ ", // Prefect: gitleaks prefect-api-token
        "phx_ ", // PostHog: trufflehog posthog
        "rdme_ ", // ReadMe: gitleaks readme-api-token
        "tfp_ ", // Typeform: gitleaks typeform-api-token
        "sha256~ ", // OpenShift: gitleaks openshift-user-token
        "signkey- ", // Inngest: api-docs.inngest.com/authentication
        "e2b_ ", // E2B: the pattern in its own dashboard
        "AVNS_ ", // Aiven: rules of several public scanners
        "waka_ ", // WakaTime: rules of several public scanners
        "amzn1.oa2-cs. ", // Login with Amazon, client secret: rules of several public scanners
        "AQVN ", // Yandex Cloud: gitleaks yandex-api-key
        "EZAK ", // EasyPost: gitleaks easypost-api-token
        "EZTK ", // EasyPost: gitleaks easypost-test-api-token
    )),
    (Follows::Parts, concat!(
        "ABSK ", // AWS Bedrock, long-lived: gitleaks aws-amazon-bedrock-api-key-long-lived
        "bedrock-api-key- ", // AWS Bedrock, short-lived: gitleaks aws-amazon-bedrock-api-key-short-lived
        "ATATT ", // Atlassian: gitleaks atlassian-api-token
        "ATCTT ", // Atlassian: trufflehog atlassian/v2
        "BBDC- ", // Bitbucket Data Center: trufflehog bitbucketdatacenter
        "hooks.slack.com/ ", // Slack: gitleaks slack-webhook-url
        "webhook.office.com/ ", // Microsoft Teams: gitleaks microsoft-teams-webhook
        "hooks.zapier.com/ ", // Zapier: trufflehog zapierwebhook
        "sntrys_ ", // Sentry: gitleaks sentry-org-token
        "glc_ ", // Grafana Cloud: gitleaks grafana-cloud-api-token
        "fm1 ", // Fly.io: gitleaks flyio-access-token
        "fm2_ ", // Fly.io: gitleaks flyio-access-token
        "cmVmd ", // JFrog: gitleaks artifactory-reference-token
        "dG9rO ", // Intercom: kingfisher intercom.yml
        "ops_ ", // 1Password: gitleaks 1password-service-account-token
        "1//0 ", // Google OAuth refresh token: noseyparker google.yml
        "access_token$ ", // Braintree: rules of several public scanners
        "ptr_ ", // Portainer: trufflehog portainertoken
    )),
    (Follows::Random, concat!(
        "sk- ", // OpenAI, Anthropic and many who follow them: gitleaks openai-api-key
        "key- ", // Mailgun: noseyparker mailgun.yml
        "pat- ", // HubSpot: trufflehog hubspot_apikey/v2
        "fc- ", // Firecrawl: noseyparker firecrawl.yml
        "API- ", // Octopus Deploy: gitleaks octopus-deploy-api-key
        "live_ ", // GoCardless, Lob, Column: gitleaks gocardless-api-token, lob-api-key
        "fw_ ", // Fireworks AI: rules of several public scanners
        "access- ", // Plaid: gitleaks plaid-api-token
        "sdk- ", // LaunchDarkly: launchdarkly.com/docs/home/account/environment/keys
        "ck_ ", // WooCommerce, consumer key: rules of several public scanners
        "cs_ ", // WooCommerce, consumer secret: rules of several public scanners
        "rnd_ ", // Render: rules of several public scanners
        "cio ", // crates.io: noseyparker crates.io.yml
        "oy2 ", // NuGet: noseyparker nuget.yml
        "dapi ", // Databricks: gitleaks databricks-api-token
        "v1.0- ", // Cloudflare: gitleaks cloudflare-origin-ca-key
        "1000. ", // Zoho: trufflehog zohocrm
        "t1. ", // Yandex Cloud: gitleaks yandex-access-token
        "A3- ", // 1Password: gitleaks 1password-secret-key
    )),
    (Follows::Hex, concat!(
        "SK ", // Twilio: gitleaks twilio-api-key
        "AC ", // Twilio: kingfisher twilio.yml
    )),
];

/// The prefix of a secret at an offset: its end, and what follows.
pub fn prefix(text: &[u8], start: usize) -> Option<(usize, Follows)> {
    let text = text.get(start..).unwrap_or_default();
    ISSUERS.iter().find_map(|(follows, list)| {
        // Nearly no word begins with a prefix, and every word is checked.
        let begins = |prefix: &&[u8]| prefix.first() == text.first() && text.starts_with(prefix);
        let prefix = list.as_bytes().split(|byte| *byte == b' ').find(begins)?;
        (!prefix.is_empty()).then_some((start + prefix.len(), *follows))
    })
}
