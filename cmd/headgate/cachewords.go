package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/cache/verify"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/journal"
)

// whyOf explains what the cache made of an exchange, a sentence each.
func whyOf(c *journal.Cache) []string {
	if c == nil {
		return []string{"The cache had nothing to do with this exchange: its model has none, or it was refused before."}
	}
	all := append([]string{resultInWords(c)}, entryInWords(c)...)
	for _, rule := range c.Rules {
		all = append(all, ruleInWords(verify.Rule(rule)))
	}
	if c.Given() {
		all = append(all, savedInWords(c))
	}
	switch {
	case c.Stored != "":
		all = append(all, "The answer is kept as entry "+c.Stored+".")
	case c.NotStored != "":
		all = append(all, "The answer is not kept: "+reasonInWords(exchange.CacheReason(c.NotStored))+".")
	}
	return all
}

// resultInWords says what came of looking for an answer.
func resultInWords(c *journal.Cache) string {
	reason := reasonInWords(exchange.CacheReason(c.Reason))
	switch result := exchange.CacheResult(c.Result); result {
	case exchange.CacheHit:
		return "The answer to an equal request was given."
	case exchange.CacheSemanticHit:
		return "The answer to a question that means the same was given."
	case exchange.CacheCoalesced:
		return "An equal request was under way: its answer was waited for, and given."
	case exchange.CacheMiss:
		return "No answer from the cache was given: " + reason + "."
	case exchange.CacheShadowHit:
		return "An answer from the cache would have been given, but the cache is in shadow."
	case exchange.CacheVerified:
		return "An answer from the cache would have been given, but this request was one of those that are asked anew to verify hits: " + verdictInWords(c) + "."
	case exchange.CacheBypassed:
		return "No answer was looked for: " + reason + "."
	default:
		return fmt.Sprintf("What came of looking for an answer is %q.", result)
	}
}

func verdictInWords(c *journal.Cache) string {
	switch verdict := exchange.CacheVerdict(c.Verdict); verdict {
	case exchange.CacheSame:
		return "the fresh answer says the same"
	case exchange.CacheOther:
		return "the fresh answer says something else, so the one from the cache would have been wrong"
	default:
		return "both answers could not be compared"
	}
}

// entryInWords says which entry it is, and how similar its question.
func entryInWords(c *journal.Cache) (all []string) {
	if c.Entry != "" {
		text := "That answer is entry " + c.Entry
		if !c.Given() && c.Reason != "" {
			text = "The nearest is entry " + c.Entry
		}
		if c.Source != "" {
			text += ", which was first given to exchange " + c.Source
		}
		if c.AgeS > 0 {
			text += ", " + ageOf(c) + " before"
		}
		all = append(all, text+".")
	}
	if c.Similarity != nil {
		text := "The similarity of both questions is " + similarityOf(c)
		if c.Embedder != "" {
			text += ", by the embedder " + c.Embedder
		}
		all = append(all, text+".")
	}
	return all
}

// ageOf is how old the entry was, such as 1m30s.
func ageOf(c *journal.Cache) string {
	if c.AgeS < 1 {
		return inMillis(c.AgeS * 1000)
	}
	return time.Duration(c.AgeS * float64(time.Second)).Round(time.Second).String()
}

// savedInWords says what an answer from the cache saved.
func savedInWords(c *journal.Cache) string {
	saved := "what it cost when it was first given is not known"
	if c.SavedNano != nil {
		saved = "that saved " + price.FormatNano(*c.SavedNano) + " USD"
	}
	if c.SavedMS > 0 {
		saved += ", and it was there " + inMillis(c.SavedMS) + " sooner"
	}
	return "No provider was asked: " + saved + "."
}

// reasonInWords is a reason as a part of a sentence.
func reasonInWords(r exchange.CacheReason) string {
	switch r {
	case exchange.CacheNoStore:
		return "the client says that nothing is to be kept (no-store)"
	case exchange.CacheNoCache:
		return "the client wants a fresh answer (no-cache)"
	case exchange.CacheTemperature:
		return "the temperature is above max_temperature of the policy"
	case exchange.CacheMasked:
		return "a guard masked something"
	case exchange.CacheState:
		return "the request goes on with what a provider keeps, or has it work on after its answer"
	case exchange.CacheUnknown:
		return "there is none"
	case exchange.CacheDissimilar:
		return "no question is similar enough"
	case exchange.CacheRules:
		return "the most similar question differs by rules"
	case exchange.CacheTooOld:
		return "it is older than the client allows (max-age)"
	case exchange.CacheTooLong:
		return "it is longer than the client allows"
	case exchange.CacheNoVector:
		return "the question has no vector, or none could be made in time"
	case exchange.CacheLongQuestion:
		return "there is none, and the question is too long to be compared"
	case exchange.CacheLost:
		return "entries could not be read, or not in time"
	case exchange.CacheUnreadable:
		return "the entry could not be read"
	case exchange.CacheWaitedInVain:
		return "an equal request that was under way got none that may be shared, or not in time"
	case exchange.CacheIncomplete:
		return "it is not whole"
	case exchange.CacheUnsuccessful:
		return "it is no success"
	case exchange.CacheGuarded:
		return "a guard refused it, or could not decide"
	case exchange.CacheFallback:
		return "another link of the chain than the first one gave it"
	case exchange.CacheToolCalls:
		return "it calls tools"
	case exchange.CacheTooLarge:
		return "it is larger than max_entry of the policy"
	case exchange.CachePurged:
		return "answers like it were purged while it was asked"
	case "":
		return "why is not known"
	default:
		return fmt.Sprintf("the reason is %q", string(r))
	}
}

// ruleInWords says how two questions differ.
func ruleInWords(r verify.Rule) string {
	switch r {
	case verify.Number:
		return "They differ in a number."
	case verify.Date:
		return "They differ in a date."
	case verify.Name:
		return "They name different persons, places or things."
	case verify.Quotation:
		return "They quote different texts."
	case verify.Code:
		return "They have different code."
	case verify.Unit:
		return "They differ in a unit."
	case verify.Negation:
		return "One of them denies what the other does not."
	case verify.Antonym:
		return "One of them has a word that means the opposite of one of the other's."
	case verify.Order:
		return "Their words are in another order."
	case verify.Language:
		return "They are in different languages."
	case verify.QuestionWord:
		return "They ask with different question words."
	case verify.Replaced:
		return "A word that matters is another one."
	default:
		return fmt.Sprintf("They differ by the rule %q.", string(r))
	}
}

// cacheLine is what the cache made of an exchange, in a line of a trace; empty: nothing.
func cacheLine(c *journal.Cache) string {
	if c == nil {
		return ""
	}
	parts := []string{c.Result}
	if c.Reason != "" {
		parts[0] += " (" + strings.Join(append([]string{c.Reason}, c.Rules...), ", ") + ")"
	}
	add := func(has bool, text string) {
		if has {
			parts = append(parts, text)
		}
	}
	add(c.Entry != "", "entry "+c.Entry)
	add(c.Similarity != nil, "similarity "+similarityOf(c))
	add(c.AgeS > 0, ageOf(c)+" old")
	if c.SavedNano != nil {
		parts = append(parts, "saved "+price.FormatNano(*c.SavedNano)+" USD")
	}
	add(c.Given() && c.SavedMS > 0, inMillis(c.SavedMS)+" sooner")
	add(c.Verdict != "", "fresh answer: "+c.Verdict)
	add(c.Stored != "", "kept as "+c.Stored)
	add(c.NotStored != "", "not kept ("+c.NotStored+")")
	return strings.Join(parts, ", ")
}
