package secrets

import (
	"bytes"

	"github.com/headgate/headgate/policy/keyform"
)

// form is how the keys of a service look: a prefix and a body of characters, in one word, or in
// several with dots between.
type form struct {
	prefix   string
	kind     kind
	chars    uint8 // classes of the body's characters
	min, max int   // of the body
	dotted   bool
}

const (
	base16   = digit | hexLetter
	long     = maxToken
	shortest = 19 // key that is one word
)

// forms lists the longer of two prefixes first if one begins with the other.
var forms = [...]form{
	{"sk-ant-", anthropic, inWord, 24, long, false},
	{"sk-or-", openRouter, inWord, 32, long, false},
	{"sk-", openAI, inWord, 20, long, false},
	{"gsk_", groq, alnum, 40, 80, false},
	{"xai-", xAI, alnum, 40, 120, false},
	{"pplx-", perplexity, alnum, 32, 80, false},
	{"r8_", replicate, alnum, 37, 40, false},
	{"nvapi-", nvidia, inWord, 40, 120, false},
	{"hf_", huggingFace, alnum, 30, 60, false},
	{"AKIA", awsKey, upper | digit, 16, 16, false},
	{"ASIA", awsKey, upper | digit, 16, 16, false},
	{"ABIA", awsKey, upper | digit, 16, 16, false},
	{"ACCA", awsKey, upper | digit, 16, 16, false},
	{"AIza", google, inWord, 35, 35, false},
	{"GOCSPX-", googleSecret, inWord, 24, 40, false},
	{"ya29.", googleToken, inWord, 20, long, true},
	{"ghp_", github, alnum, 36, 255, false},
	{"gho_", github, alnum, 36, 255, false},
	{"ghu_", github, alnum, 36, 255, false},
	{"ghs_", github, inWord, 36, long, true},
	{"ghr_", github, alnum, 36, 255, false},
	{"github_pat_", github, alnum | dash, 36, 255, false},
	{"glpat-", gitlab, inWord, 20, 300, true},
	{"gldt-", gitlab, inWord, 20, 300, true},
	{"glrt-", gitlab, inWord, 20, 300, true},
	{"glptt-", gitlab, inWord, 20, 300, true},
	{"glsoat-", gitlab, inWord, 20, 300, true},
	{"glcbt-", gitlab, inWord, 20, 300, true},
	{"xoxb-", slack, alnum | dash, 20, 255, false},
	{"xoxp-", slack, alnum | dash, 20, 255, false},
	{"xoxa-", slack, alnum | dash, 20, 255, false},
	{"xoxr-", slack, alnum | dash, 20, 255, false},
	{"xoxs-", slack, alnum | dash, 20, 255, false},
	{"xoxe-", slack, alnum | dash, 20, 255, false},
	{"xoxe.", slack, alnum | dash, 20, 300, true},
	{"xapp-", slack, alnum | dash, 20, 255, false},
	{"sk_live_", stripe, alnum, 16, 255, false},
	{"rk_live_", stripe, alnum, 16, 255, false},
	{"sk_test_", stripe, alnum, 16, 255, false},
	{"rk_test_", stripe, alnum, 16, 255, false},
	{"whsec_", stripe, alnum, 24, 255, false},
	{"npm_", npm, alnum, 36, 36, false},
	{"pypi-AgEI", pypi, inWord, 50, 1000, false},
	{"dckr_pat_", docker, inWord, 24, 60, false},
	{"dckr_oat_", docker, inWord, 24, 60, false},
	{"SG.", sendGrid, inWord, 64, 68, true},
	{"SK", twilio, base16, 32, 32, false},
	{"dapi", databricks, base16 | dash, 32, 34, false},
	{"dop_v1_", digitalOcean, base16, 64, 64, false},
	{"doo_v1_", digitalOcean, base16, 64, 64, false},
	{"dor_v1_", digitalOcean, base16, 64, 64, false},
	{"shpat_", shopify, base16, 32, 32, false},
	{"shpca_", shopify, base16, 32, 32, false},
	{"shppa_", shopify, base16, 32, 32, false},
	{"shpss_", shopify, base16, 32, 32, false},
	{"hvs.", vault, inWord, 24, 300, true},
	{"hvb.", vault, inWord, 24, 1000, true},
	{"hvr.", vault, inWord, 24, 1000, true},
}

// byFirst holds the forms by the first byte of their prefixes.
var byFirst = func() (by [256][]form) {
	for _, f := range forms {
		by[f.prefix[0]] = append(by[f.prefix[0]], f)
	}
	return by
}()

// token looks for a key whose form begins with a prefix, in the word from i to j.
func (p *pass) token(i, j int) {
	if j-i < shortest && p.At(j) != '.' {
		return
	}
	for k := range byFirst[p.Text[i]] {
		f := &byFirst[p.Text[i]][k]
		if !bytes.HasPrefix(p.Text[i:], []byte(f.prefix)) || f.dotted && p.Before(i) == '.' {
			continue // of words with dots between, the first alone begins a key
		}
		begin, end := i+len(f.prefix), p.tokenEnd(f, i, j)
		if end > begin && f.fits(p.Text[begin:end]) {
			p.Offer(end, f.kind, sure)
			return
		}
	}
	switch p.Text[i] {
	case 'e':
		p.webToken(i, j)
	case 'h':
		p.own(i, j)
		p.address(i, j, "hooks", ".slack.com/services/", slackHook)
	case 'd':
		p.address(i, j, "discord", ".com/api/webhooks/", discordHook)
		p.address(i, j, "discordapp", ".com/api/webhooks/", discordHook)
	}
}

// tokenEnd returns where a key ends that begins with the word from i to j.
func (p *pass) tokenEnd(f *form, i, j int) int {
	switch {
	case f.dotted:
		return p.dots(i, j)
	case j-i > maxToken:
		return i + maxToken
	default:
		p.At(j) // the word may go on
		return j
	}
}

func (f *form) fits(body []byte) bool {
	if len(body) < f.min || len(body) > f.max {
		return false
	}
	for _, c := range body {
		if !is(c, f.chars) && (c != '.' || !f.dotted) {
			return false
		}
	}
	return random(body) && (f.chars&dash == 0 || unbroken(body) >= 8) && (f.kind != openAI || mixed(body) && unbroken(body) >= 12)
}

// unbroken returns the length of the longest part of a value without dashes. It is short in names
// that are made of words.
func unbroken(value []byte) (longest int) {
	n := 0
	for _, c := range value {
		if n++; is(c, dash) {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}

// dots returns where words with dots between end, the first of which ends at j.
func (p *pass) dots(i, j int) int {
	for j-i < maxToken {
		if is(p.At(j), inWord) {
			j++
			continue
		}
		if p.At(j) != '.' || !is(p.At(j+1), inWord) {
			return j
		}
		j++
	}
	return j
}

// own looks for a key of Headgate.
func (p *pass) own(i, j int) {
	if id := keyform.ID(p.Text[i:j]); id != nil {
		p.Offer(j, headgate, sure)
	}
}

// webToken looks for a JSON web token: three parts, of which the first two are JSON objects in
// base 64.
func (p *pass) webToken(i, j int) {
	if !bytes.HasPrefix(p.Text[i:j], []byte("eyJ")) {
		return
	}
	end := j
	for part := range 2 {
		if p.At(end) != '.' {
			return
		}
		begin := end + 1
		for end = begin; end-i < maxToken && is(p.At(end), inWord); end++ {
		}
		if end-begin < 10 || part == 0 && !bytes.HasPrefix(p.Text[begin:end], []byte("eyJ")) {
			return
		}
	}
	p.Offer(end, jwt, sure)
}

// address looks for the address of a webhook: a host, a path, and what follows it.
func (p *pass) address(i, j int, word, rest string, k kind) {
	if string(p.Text[i:j]) != word || !p.reads(j, rest) {
		return
	}
	begin := j + len(rest)
	end := begin
	for end-begin < 200 && (is(p.At(end), inWord) || p.At(end) == '/') {
		end++
	}
	if end-begin > 30 && random(p.Text[begin:end]) {
		p.Offer(end, k, sure)
	}
}

// reads says whether a text begins at i.
func (p *pass) reads(i int, text string) bool {
	for k := range len(text) {
		if p.At(i+k) != text[k] {
			return false
		}
	}
	return true
}
