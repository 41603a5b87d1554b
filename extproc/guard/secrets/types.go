package secrets

import (
	"slices"

	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// Types returns all types, in the order of their documentation.
func Types() []onepass.Type { return slices.Clone(types[:]) }

type kind = onepass.Kind

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

var types = [lastKind]onepass.Type{
	openAI:       {Name: "OPENAI_KEY", About: "API key of OpenAI, and of services that took its form: sk-, sk-proj-, sk-svcacct-, sk-admin-", Default: true},
	anthropic:    {Name: "ANTHROPIC_KEY", About: "API key of Anthropic: sk-ant-", Default: true},
	openRouter:   {Name: "OPENROUTER_KEY", About: "API key of OpenRouter: sk-or-", Default: true},
	groq:         {Name: "GROQ_KEY", About: "API key of Groq: gsk_", Default: true},
	xAI:          {Name: "XAI_KEY", About: "API key of xAI: xai-", Default: true},
	perplexity:   {Name: "PERPLEXITY_KEY", About: "API key of Perplexity: pplx-", Default: true},
	replicate:    {Name: "REPLICATE_TOKEN", About: "API token of Replicate: r8_", Default: true},
	nvidia:       {Name: "NVIDIA_KEY", About: "API key of NVIDIA: nvapi-", Default: true},
	huggingFace:  {Name: "HUGGINGFACE_TOKEN", About: "access token of Hugging Face: hf_", Default: true},
	headgate:     {Name: "HEADGATE_KEY", About: "key that Headgate made: hg_", Default: true},
	awsKey:       {Name: "AWS_ACCESS_KEY", About: "id of an access key of AWS: AKIA, ASIA, ABIA or ACCA and 16 characters", Default: true},
	awsSecret:    {Name: "AWS_SECRET_KEY", About: "secret access key of AWS: 40 characters after a name that says so", Default: true},
	google:       {Name: "GOOGLE_API_KEY", About: "API key of Google: AIza", Default: true},
	googleSecret: {Name: "GOOGLE_OAUTH_SECRET", About: "OAuth client secret of Google: GOCSPX-", Default: true},
	googleToken:  {Name: "GOOGLE_OAUTH_TOKEN", About: "OAuth access token of Google: ya29.", Default: true},
	azureKey:     {Name: "AZURE_KEY", About: "key in a connection string of Azure: AccountKey, SharedAccessKey", Default: true},
	github:       {Name: "GITHUB_TOKEN", About: "token of GitHub: ghp_, gho_, ghu_, ghs_, ghr_, github_pat_", Default: true},
	gitlab:       {Name: "GITLAB_TOKEN", About: "token of GitLab: glpat-, gldt-, glrt-, glptt-, glsoat-, glcbt-", Default: true},
	slack:        {Name: "SLACK_TOKEN", About: "token of Slack: xoxb-, xoxp-, xoxa-, xoxr-, xoxs-, xoxe-, xapp-", Default: true},
	slackHook:    {Name: "SLACK_WEBHOOK", About: "address of an incoming webhook of Slack", Default: true},
	discord:      {Name: "DISCORD_TOKEN", About: "token of a bot of Discord: three parts, the first an id", Default: true},
	discordHook:  {Name: "DISCORD_WEBHOOK", About: "address of a webhook of Discord", Default: true},
	telegram:     {Name: "TELEGRAM_TOKEN", About: "token of a bot of Telegram: digits, a colon, 35 characters", Default: true},
	stripe:       {Name: "STRIPE_KEY", About: "secret or restricted key of Stripe, live or test: sk_live_, rk_live_, whsec_", Default: true},
	npm:          {Name: "NPM_TOKEN", About: "access token of npm: npm_", Default: true},
	pypi:         {Name: "PYPI_TOKEN", About: "API token of PyPI: pypi-AgEI", Default: true},
	docker:       {Name: "DOCKER_TOKEN", About: "access token of Docker: dckr_pat_, dckr_oat_", Default: true},
	sendGrid:     {Name: "SENDGRID_KEY", About: "API key of SendGrid: SG. and two parts", Default: true},
	twilio:       {Name: "TWILIO_KEY", About: "id of an API key of Twilio: SK and 32 digits of base 16", Default: true},
	databricks:   {Name: "DATABRICKS_TOKEN", About: "access token of Databricks: dapi", Default: true},
	digitalOcean: {Name: "DIGITALOCEAN_TOKEN", About: "token of DigitalOcean: dop_v1_, doo_v1_, dor_v1_", Default: true},
	shopify:      {Name: "SHOPIFY_TOKEN", About: "token of Shopify: shpat_, shpca_, shppa_, shpss_", Default: true},
	vault:        {Name: "VAULT_TOKEN", About: "token of Vault: hvs., hvb., hvr.", Default: true},
	jwt:          {Name: "JWT", About: "JSON web token: header, payload and signature", Default: true},
	privateKey:   {Name: "PRIVATE_KEY", About: "private key in PEM: RSA, EC, OpenSSH, PGP and others; also one that is cut, or in a JSON string", Default: true},
	urlPassword:  {Name: "URL_PASSWORD", About: "password in an address: scheme://user:password@host", Default: true},
	bearer:       {Name: "BEARER_TOKEN", About: "token after the word Bearer", Default: true},
	basicAuth:    {Name: "BASIC_AUTH", About: "user and password after the word Basic, in base 64", Default: true},
	password:     {Name: "PASSWORD", About: "value assigned to what is called a password; alarms on code now and then"},
	genericKey:   {Name: "GENERIC_KEY", About: "random value assigned to what is called a key, a token or a secret; alarms on code now and then"},
}
