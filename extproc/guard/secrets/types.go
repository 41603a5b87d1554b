package secrets

// Type is one kind of secret that a Scanner can find.
type Type struct {
	Name    string
	About   string // one line: what it is, and what it is known by
	Default bool   // found by a Scanner of no types in particular
}

// Types returns all types, in the order of their documentation.
func Types() []Type { return append([]Type(nil), types[:]...) }

type kind uint8

// kinds is a set of kinds, one bit each.
type kinds uint64

func (ks kinds) has(k kind) bool { return ks>>k&1 == 1 }

const (
	openAI kind = iota
	anthropic
	openRouter
	groq
	xAI
	perplexity
	replicate
	nvidia
	huggingFace
	headgate
	awsKey
	awsSecret
	google
	googleSecret
	googleToken
	azureKey
	github
	gitlab
	slack
	slackHook
	discord
	discordHook
	telegram
	stripe
	npm
	pypi
	docker
	sendGrid
	twilio
	databricks
	digitalOcean
	shopify
	vault
	jwt
	privateKey
	urlPassword
	bearer
	basicAuth
	password
	genericKey
	lastKind
)

var types = [lastKind]Type{
	openAI:       {"OPENAI_KEY", "API key of OpenAI, and of services that took its form: sk-, sk-proj-, sk-svcacct-, sk-admin-", true},
	anthropic:    {"ANTHROPIC_KEY", "API key of Anthropic: sk-ant-", true},
	openRouter:   {"OPENROUTER_KEY", "API key of OpenRouter: sk-or-", true},
	groq:         {"GROQ_KEY", "API key of Groq: gsk_", true},
	xAI:          {"XAI_KEY", "API key of xAI: xai-", true},
	perplexity:   {"PERPLEXITY_KEY", "API key of Perplexity: pplx-", true},
	replicate:    {"REPLICATE_TOKEN", "API token of Replicate: r8_", true},
	nvidia:       {"NVIDIA_KEY", "API key of NVIDIA: nvapi-", true},
	huggingFace:  {"HUGGINGFACE_TOKEN", "access token of Hugging Face: hf_", true},
	headgate:     {"HEADGATE_KEY", "key that Headgate made: hg_", true},
	awsKey:       {"AWS_ACCESS_KEY", "id of an access key of AWS: AKIA, ASIA, ABIA or ACCA and 16 characters", true},
	awsSecret:    {"AWS_SECRET_KEY", "secret access key of AWS: 40 characters after a name that says so", true},
	google:       {"GOOGLE_API_KEY", "API key of Google: AIza", true},
	googleSecret: {"GOOGLE_OAUTH_SECRET", "OAuth client secret of Google: GOCSPX-", true},
	googleToken:  {"GOOGLE_OAUTH_TOKEN", "OAuth access token of Google: ya29.", true},
	azureKey:     {"AZURE_KEY", "key in a connection string of Azure: AccountKey, SharedAccessKey", true},
	github:       {"GITHUB_TOKEN", "token of GitHub: ghp_, gho_, ghu_, ghs_, ghr_, github_pat_", true},
	gitlab:       {"GITLAB_TOKEN", "token of GitLab: glpat-, gldt-, glrt-, glptt-, glsoat-, glcbt-", true},
	slack:        {"SLACK_TOKEN", "token of Slack: xoxb-, xoxp-, xoxa-, xoxr-, xoxs-, xoxe-, xapp-", true},
	slackHook:    {"SLACK_WEBHOOK", "address of an incoming webhook of Slack", true},
	discord:      {"DISCORD_TOKEN", "token of a bot of Discord: three parts, the first an id", true},
	discordHook:  {"DISCORD_WEBHOOK", "address of a webhook of Discord", true},
	telegram:     {"TELEGRAM_TOKEN", "token of a bot of Telegram: digits, a colon, 35 characters", true},
	stripe:       {"STRIPE_KEY", "secret or restricted key of Stripe, live or test: sk_live_, rk_live_, whsec_", true},
	npm:          {"NPM_TOKEN", "access token of npm: npm_", true},
	pypi:         {"PYPI_TOKEN", "API token of PyPI: pypi-AgEI", true},
	docker:       {"DOCKER_TOKEN", "access token of Docker: dckr_pat_, dckr_oat_", true},
	sendGrid:     {"SENDGRID_KEY", "API key of SendGrid: SG. and two parts", true},
	twilio:       {"TWILIO_KEY", "id of an API key of Twilio: SK and 32 digits of base 16", true},
	databricks:   {"DATABRICKS_TOKEN", "access token of Databricks: dapi", true},
	digitalOcean: {"DIGITALOCEAN_TOKEN", "token of DigitalOcean: dop_v1_, doo_v1_, dor_v1_", true},
	shopify:      {"SHOPIFY_TOKEN", "token of Shopify: shpat_, shpca_, shppa_, shpss_", true},
	vault:        {"VAULT_TOKEN", "token of Vault: hvs., hvb., hvr.", true},
	jwt:          {"JWT", "JSON web token: header, payload and signature", true},
	privateKey:   {"PRIVATE_KEY", "private key in PEM: RSA, EC, OpenSSH, PGP and others; also one that is cut, or in a JSON string", true},
	urlPassword:  {"URL_PASSWORD", "password in an address: scheme://user:password@host", true},
	bearer:       {"BEARER_TOKEN", "token after the word Bearer", true},
	basicAuth:    {"BASIC_AUTH", "user and password after the word Basic, in base 64", true},
	password:     {"PASSWORD", "value assigned to what is called a password; alarms on code now and then", false},
	genericKey:   {"GENERIC_KEY", "random value assigned to what is called a key, a token or a secret; alarms on code now and then", false},
}

func named(name string) (kind, bool) {
	for k, t := range types {
		if t.Name == name {
			return kind(k), true
		}
	}
	return 0, false
}

func usual() (on kinds) {
	for k, t := range types {
		if t.Default {
			on |= 1 << k
		}
	}
	return on
}
