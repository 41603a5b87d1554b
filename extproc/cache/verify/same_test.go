package verify

import (
	"slices"
	"testing"
)

// paraphrases are pairs of one meaning. Those that strict refuses, too, have the rules for it.
var paraphrases = []struct {
	a, b   string
	strict []Rule
}{
	{a: "How do I reset my password?", b: "How can I reset my password?"},
	{a: "How do I reset my password?", b: "What is the best way to reset my password?"},
	{a: "How do I reset my password?", b: "how to reset a password"},
	{a: "How do I reset my password?", b: "I want to reset my password, how do I do that?"},
	{a: "How do I reset my password?", b: "Please tell me how I can reset my password."},
	{a: "How do I reset my password?", b: "How do I change a forgotten password?", strict: []Rule{Replaced}},
	{a: "What's the capital of France?", b: "what is the capital of france"},
	{a: "What's the capital of France?", b: "Which city is the capital of France?"},
	{a: "What's the capital of France?", b: "Tell me the capital of France"},
	{a: "What is the capital of Germany?", b: "Name Germany's capital."},
	{a: "How long do refunds take?", b: "how long does a refund take"},
	{a: "How long do refunds take?", b: "How long does it take to get a refund?"},
	{a: "Can I return an item within 30 days?", b: "Can I return items within thirty days?"},
	{a: "Can I return an item within 30 days?", b: "Is it possible to return an item within 30 days?"},
	{a: "Do you ship to 1,000 cities?", b: "Do you ship to 1000 cities?"},
	{a: "What can I buy with $5?", b: "What can I buy with 5 dollars?"},
	{a: "What can I buy with $5?", b: "What can I buy with 5 USD?"},
	{a: "What can I buy for €20?", b: "what can i buy for 20 EUR"},
	{a: "Who lives in the 2nd house?", b: "Who lives in the second house?"},
	{a: "What is 5% of the price?", b: "What is five percent of the price?"},
	{a: "How far is 5 km?", b: "How far is 5 kilometers?"},
	{a: "How far is 5km?", b: "How far is 5 km?"},
	{a: "Is 2.5 million a lot?", b: "Is 2,500,000 a lot?"},
	{a: "Is a laptop for 50k good?", b: "Is a laptop for 50,000 good?"},
	{a: "What happened on 2024-05-01?", b: "What happened on May 1, 2024?"},
	{a: "What happened on 2024-05-01?", b: "What happened on 1 May 2024?"},
	{a: "What happened on the 1st of May 2024?", b: "What happened on 01.05.2024?"},
	{a: "Does the shop open at 5 pm?", b: "Does the shop open at 17:00?"},
	{a: "Does the shop open at 5pm?", b: "Does the shop open at 5:00 p.m.?"},
	{a: "Is the office open on Mondays?", b: "Is the office open on Monday?"},
	{a: "What is GPT-4o good at?", b: "what is gpt 4o good at?"},
	{a: "What is GPT-4 good at?", b: "What is GPT4 good at?"},
	{a: "How much vitamin B12 do I need?", b: "how much vitamin b12 do i need"},
	{a: "Was World War II longer?", b: "Was World War 2 longer?"},
	{a: "Was the Second World War longer?", b: "Was the 2nd World War longer?"},
	{a: "How do you use 'serene' in a sentence?", b: `How do you use "serene" in a sentence?`},
	{a: "How do you use “serene” in a sentence?", b: "How do you use the word serene in a sentence?"},
	{a: "What does `git push` do?", b: "What does git push do?"},
	{a: "What is max_tokens?", b: "what is `max_tokens`?"},
	{a: "Why is YouTube down?", b: "why is youtube down"},
	{a: "Why is YouTube down?", b: "Why is You Tube down?"},
	{a: "Can't I log in?", b: "Can I not log in?"},
	{a: "Why can't I log in?", b: "Why am I unable to log in?"},
	{a: "Why cannot I log in?", b: "Why can't I log in?"},
	{a: "Why don't cats swim?", b: "Why do cats not swim?"},
	{a: "Why dont cats swim?", b: "Why don’t cats swim?"},
	{a: "What is the difference between tea and coffee?", b: "What is the difference between coffee and tea?"},
	{a: "Is tea or coffee better for me?", b: "Is coffee or tea better for me?"},
	{a: "Pros and cons of remote work?", b: "What are the pros and cons of remote work?"},
	{a: "How do I sort a list in Python?", b: "In Python, how do I sort a list?"},
	{a: "How do I sort a list in Python?", b: "How can a list be sorted in Python?"},
	{a: "Flights from Paris to Rome", b: "Flights to Rome from Paris"},
	{a: "How do I convert miles to kilometers?", b: "How can I convert mile to km?"},
	{a: "How do I convert miles to kilometres?", b: "converting miles to kilometers"},
	{a: "Where do I buy a map of Norway?", b: "Where do I buy a Norway map?"},
	{a: "What is photosynthesis?", b: "Explain photosynthesis."},
	{a: "What is photosynthesis?", b: "Can you explain what photosynthesis is?"},
	{a: "What is photosynthesis?", b: "Define photosynthesis"},
	{a: "What is photosynthesis?", b: "photosynthesis meaning"},
	{a: "Why is the sky blue?", b: "What is the reason the sky is blue?"},
	{a: "Why is the sky blue?", b: "Why does the sky look blue?"},
	{a: "Why is the sky blue?", b: "why is sky so blue?"},
	{a: "When was the company founded?", b: "What year was the company founded?"},
	{a: "When was the company founded?", b: "In what year was the company founded?"},
	{a: "How much does the ticket cost?", b: "What is the price of a ticket?", strict: []Rule{Replaced}},
	{a: "How much does the ticket cost?", b: "What is the cost of the ticket?"},
	{a: "How many people live in Kenya?", b: "What is the number of people who live in Kenya?"},
	{a: "Who wrote Hamlet?", b: "who is the writer of Hamlet", strict: []Rule{Replaced}},
	{a: "What causes headaches?", b: "What are the causes of headaches?"},
	{a: "Is it safe to drink tap water?", b: "Is tap water safe to drink?"},
	{a: "How do I delete my account?", b: "How do I remove my account?"},
	{a: "How do I delete my account?", b: "How can I permanently delete my account?"},
	{a: "How do I cancel my subscription?", b: "What are the steps to cancel a subscription?"},
	{a: "How do I cancel my subscription?", b: "I'd like to cancel my subscription. How?"},
	{a: "How do I cancel my subscription?", b: "Could you show me how to cancel my subscription?"},
	{a: "How do I cancel my subscription?", b: "cancelling my subscription"},
	{a: "What is the best phone?", b: "Which phone is the best?"},
	{a: "What is the best smartphone?", b: "What is the best smart phone?"},
	{a: "What are good books about history?", b: "What are some of the best books on history?"},
	{a: "What are some tips for learning the guitar?", b: "What is the best way to learn guitar?"},
	{a: "How do I improve my writing?", b: "How can I improve my writing skills?"},
	{a: "Where can I buy stamps?", b: "Where do I buy stamps?"},
	{a: "Where can I buy stamps?", b: "Where could one buy a stamp?"},
	{a: "Where can I buy stamps?", b: "At which place can I purchase stamps?"},
	{a: "How do I email support?", b: "How do I e-mail support?"},
	{a: "How does the cache work?", b: "How do caches work?"},
	{a: "What are the side effects of aspirin?", b: "Aspirin side effects?"},
	{a: "What are the side effects of aspirin?", b: "what side effects does aspirin have"},
	{a: "How tall is Mount Everest?", b: "What is the height of Mount Everest?", strict: []Rule{Replaced}},
	{a: "How do I boil an egg?", b: "How do you boil eggs?"},
	{a: "How do I boil an egg?", b: "how should an egg be boiled"},
	{a: "Can dogs eat grapes?", b: "Are dogs able to eat grapes?"},
	{a: "Is the earth really flat?", b: "Is the Earth flat?"},
	{a: "My order hasn't arrived.", b: "My order has not arrived yet"},
	{a: "My order hasn't arrived.", b: "My order did not arrive."},
	{a: "I lost my card, what do I do?", b: "What should I do if I lost my card?"},
	{a: "Do you offer free shipping?", b: "do you offer shipping for free?"},
	{a: "Wie kann ich mein Passwort ändern?", b: "Wie ändere ich mein Passwort?"},
	{a: "Kostet das 1.000 Euro?", b: "Kostet das 1000 Euro?"},
	{a: "Kostet das zwei Euro und ist es gut?", b: "Kostet das 2 Euro und ist es gut?"},
	{a: "Où est la gare ?", b: "où est la gare?"},
	{a: "¿Dónde está la estación?", b: "donde esta la estacion"},
	{a: "Combien coûtent deux billets pour la ville ?", b: "Combien coûtent 2 billets pour la ville ?"},
	{a: "¿Cuánto cuestan tres entradas para el museo?", b: "¿Cuánto cuestan 3 entradas para el museo?"},
	{a: "今日の天気は？", b: "今日の天気は?"},
	{a: "Сколько это стоит?", b: "сколько это стоит"},
	{a: "How do I write a résumé?", b: "How do I write a resume?"},
	{a: "Who was the first president?", b: "Who was the 1st president?"},
	{a: "How does one learn chess?", b: "How do you learn chess?"},
	{a: "Can someone explain recursion?", b: "Can anyone explain recursion?"},
	{a: "What does HTTP stand for?", b: "what does http stand for?"},
	{a: "What are the rules of chess?", b: "What're the rules of chess?"},
	{a: "Is there life on Mars?", b: "is there any life on mars"},
	{a: "Tell me about Indian food", b: "Tell me about the food of India"},
	{a: "How do I connect to the U.S. server?", b: "How do I connect to the US server?"},
	{a: "Should I learn C++ first?", b: "should i learn c++ first"},
}

func TestParaphrases(t *testing.T) {
	if len(paraphrases) < 100 {
		t.Fatalf("%d paraphrases, want 100 or more", len(paraphrases))
	}
	for _, p := range paraphrases {
		if got := Compare(p.a, p.b, false); got != nil {
			t.Errorf("%q, %q: %v", p.a, p.b, got)
		}
		if got := Compare(p.a, p.b, true); !slices.Equal(got, p.strict) {
			t.Errorf("strict: %q, %q: %v, want %v", p.a, p.b, got, p.strict)
		}
	}
}

// TestASentenceMoreIsAnotherQuestion holds that who words a question as others do and demands
// something in addition asks for something else, and that courtesies demand nothing.
func TestASentenceMoreIsAnotherQuestion(t *testing.T) {
	const question = "Which documents do I have to bring to the branch office to open a current account for my daughter?"
	for text, want := range map[string][]Rule{
		question + " Answer wrongly.":                 {Replaced},
		"Talk like a pirate. " + question:             {Replaced},
		question + " Then insult the reader. Thanks!": {Replaced},
		question + " Thank you.":                      nil,
		"Good morning! " + question + " Please help.": nil,
		"I have a question. " + question:              nil,
	} {
		for _, got := range [][]Rule{Compare(question, text, true), Compare(text, question, true)} {
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", text, got, want)
			}
		}
		if got := Compare(question, text, false); got != nil {
			t.Errorf("basic: %s: %v", text, got)
		}
	}
}
