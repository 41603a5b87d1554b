package verify

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// hard makes pairs of questions that an embedder takes for the same, and which differ by one rule.
type hard struct {
	name      string
	rules     []Rule   // at least one of these must be among what Compare returns
	templates []string // with %s for each of the fillers of a pair
	// fill returns what stands for the %s of a template in one question and in the other.
	fill func(r *rand.Rand) (a, b []any)
}

// pick returns two different elements.
func pick(r *rand.Rand, from ...string) (a, b string) {
	i := r.IntN(len(from))
	j := (i + 1 + r.IntN(len(from)-1)) % len(from)
	return from[i], from[j]
}

// one is a fill of one different filler.
func one(from ...string) func(*rand.Rand) (a, b []any) {
	return func(r *rand.Rand) ([]any, []any) {
		x, y := pick(r, from...)
		return []any{x}, []any{y}
	}
}

// swap is a fill of two fillers that change places.
func swap(from ...string) func(*rand.Rand) (a, b []any) {
	return func(r *rand.Rand) ([]any, []any) {
		x, y := pick(r, from...)
		return []any{x, y}, []any{y, x}
	}
}

// pairs is a fill with the words of one line on either side.
func pairs(lines ...string) func(*rand.Rand) (a, b []any) {
	return func(r *rand.Rand) ([]any, []any) {
		x, y, _ := strings.Cut(lines[r.IntN(len(lines))], "|")
		if r.IntN(2) == 0 {
			x, y = y, x
		}
		return []any{strings.TrimSpace(x)}, []any{strings.TrimSpace(y)}
	}
}

func amounts2(r *rand.Rand) (a, b []any) {
	x := 2 + r.IntN(998)
	y := x
	for y == x {
		switch r.IntN(3) {
		case 0:
			y = x + 1
		case 1:
			y = x * 10
		default:
			y = 2 + r.IntN(998)
		}
	}
	return []any{fmt.Sprint(x)}, []any{fmt.Sprint(y)}
}

var hards = []hard{
	{"numbers", []Rule{Number}, []string{
		"Can I return an item within %s days?", "return within %s days", "What fits into a bag of %s litres?", "How do I split a bill between %s guests?", "Is a fever of %s dangerous?",
		"what is %s plus 7", "Give me the top %s films of the decade", "Can a team of %s finish this in a sprint?", "How long do %s eggs take to boil?", "show orders above %s euros", "Explain section %s of the contract",
		"How many of the %s seats are free?", "Is room %s booked?", "what does error %s mean", "Which bus goes to gate %s?", "Is it normal to sleep %s hours?",
	}, amounts2},
	{"number words", []Rule{Number}, []string{
		"Can I bring %s suitcases?", "How do I cook rice for %s people?", "What can %s players play?", "a holiday of %s weeks", "Is %s hours of sleep enough?", "the %s best cafes",
	}, one("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty", "twenty-five", "thirty", "ninety", "one hundred", "two hundred and five", "2.5")},
	{"ordinals", []Rule{Number}, []string{
		"Who won the %s round?", "What is the %s step of the installation?", "the %s chapter summary", "When does the %s season begin?",
	}, one("2nd", "third", "4th", "fifth", "6th", "seventh", "8th", "tenth", "21st", "twenty-second")},
	{"versions", []Rule{Number}, []string{
		"What is new in Python %s?", "how do i upgrade to version %s", "Does release %s support webhooks?", "Is node %s still maintained?", "install kernel %s",
	}, one("3.9", "3.10", "3.1", "3.11", "3.1.1", "3.1.10", "2.0", "2.0.1", "10.0", "1.0.0-rc1", "1.0.0-rc2")},
	{"models", []Rule{Number, Name}, []string{
		"What does %s cost?", "what is the context window of %s", "Compare prices for %s please", "Where can I get %s?",
	}, one("GPT-4", "GPT-4o", "GPT-5", "GPT-3.5", "iPhone 12", "iPhone 13", "iPhone 13s", "B12", "B6", "C12", "PS4", "PS5", "A320", "A380", "I140", "H1B", "MP3", "MP4")},
	{"percents and signs", []Rule{Number, Unit}, []string{
		"What happens at %s?", "is %s a good result", "Why did the value change by %s?",
	}, one("5%", "50%", "0.5%", "-5%", "5", "-5", "15 percent", "5.5%")},
	{"money", []Rule{Unit, Number}, []string{
		"What can I buy for %s?", "is %s a fair price", "Do I pay tax on %s?", "convert %s please",
	}, one("$100", "€100", "£100", "100 yen", "100 rupees", "100 CHF", "100 bitcoins", "$1000", "100 pesos", "100 francs and 5")},
	{"units", []Rule{Unit}, []string{
		"How long does it take to run 5 %s?", "is 5 %s a lot", "Can a child carry 5 %s?", "5 %s how much is that", "Do I need 5 %s for this?",
	}, one("km", "miles", "metres", "feet", "kg", "pounds", "litres", "gallons", "GB", "TB", "MB", "hours", "days", "weeks", "months", "years", "minutes", "seconds", "degrees", "grams", "ounces", "volts", "watts")},
	{"units without a number", []Rule{Unit, Order}, []string{
		"how do i convert %s to cubits", "What is the formula from %s to the old unit?",
	}, one("miles", "kilometres", "inches", "gallons", "litres", "kilograms", "ounces", "celsius", "fahrenheit")},
	{"dates", []Rule{Number, Date}, []string{
		"Which holidays are on %s?", "what happened on %s", "Is the office open on %s?", "Deliver the parcel on %s please", "Book me a table on %s",
	}, one("2024-05-01", "2024-05-11", "2024-01-05", "2025-05-01", "May 2, 2024", "June 1, 2024", "3 July", "4 July", "July 14", "31.12.2024", "30.12.2024", "12/25/2024", "Monday", "Tuesday", "Friday")},
	{"relative dates", []Rule{Date}, []string{
		"What is the weather like %s?", "show me the sales of %s", "Who is on call %s?", "which shops are open %s",
	}, one("today", "tomorrow", "yesterday", "last week", "next week", "last month", "next year", "this month", "on Saturday", "on Sunday", "tonight", "this weekend", "in March", "in May", "in August")},
	{"times", []Rule{Number, Date}, []string{
		"Is the pool open at %s?", "wake me at %s", "Which trains leave at %s?",
	}, one("5 pm", "5 am", "5:30 pm", "17:15", "18:00", "6:30", "noon 12:00", "11 p.m.")},
	{"years", []Rule{Number}, []string{
		"Who won the election in %s?", "best films of %s", "How did the company do in %s?", "What changed in the tax law of %s?",
	}, one("1989", "1998", "2008", "2016", "2017", "2018", "2024", "2025")},
	{"names", []Rule{Name}, []string{
		"What is the capital of %s?", "How do I travel to %s cheaply?", "Does %s have an embassy here?", "What do people eat in %s?", "Is the tap water in %s safe?", "When was the university of %s founded?",
	}, one("France", "Germany", "Peru", "Paraguay", "Botswana", "Laos", "Oslo", "Lyon", "Bergen", "Kerala", "Texas", "Utah", "Wyoming", "India", "Indiana", "Niger", "Nigeria", "Austria", "Australia", "Georgia")},
	{"people and products", []Rule{Name}, []string{
		"Where was %s born?", "What is %s known for?", "Who worked with %s?", "Is there a book about %s?",
	}, one("Ada Lovelace", "Alan Turing", "Grace Hopper", "Marie Curie", "Pierre Curie", "Lise Meitner", "Emmy Noether", "NASA", "NATO", "IBM", "ICM", "UNESCO", "UNICEF")},
	{"names in lower case", []Rule{Name}, []string{
		"what is the capital of %s", "how many people live in %s", "flights to %s from here", "visa rules for %s citizens",
	}, one("france", "germany", "spain", "italy", "japan", "china", "brazil", "canada", "egypt", "kenya", "norway", "sweden", "poland", "india", "peru", "chile")},
	{"tools in lower case", []Rule{Name}, []string{"how do i sort a list in %s", "what is the best book about %s", "is %s hard to learn", "write a web server in %s"},
		one("python", "java", "javascript", "golang", "rust", "kotlin", "perl", "php", "haskell", "scala")},
	{"a name as first word", []Rule{Name}, []string{"%s weather now", "%s opening hours please", "%s population?", "%s to the airport by train"},
		one("Lisbon", "Dublin", "Bremen", "Tartu", "Porto", "Ghent", "Basel", "Turin")},
	{"single letters", []Rule{Name}, []string{"What is measure %s on the ballot?", "how much vitamin %s is in an orange", "Explain plan %s to me", "What does exit %s lead to?", "Is hepatitis %s curable?"},
		one("B", "C", "D", "E", "G", "K", "L", "P")},
	{"languages of programming", []Rule{Name, Code}, []string{"How do I write a loop in %s?", "is %s fast", "What is a struct in %s?"}, one("C", "C++", "C#", "F#", "R", "D")},
	{"quotations", []Rule{Quotation}, []string{
		"What does “%s” mean?", "How do you use '%s' in a sentence?", `who wrote "%s"`, "Translate «%s» for me", "what rhymes with ‘%s’", "Define \"\"%s\"\" please",
	}, one("serene", "serendipity", "frugal", "hapless", "to be or not", "break a leg", "spill the beans", "ubiquitous", "arcane", "the last leaf")},
	{"code", []Rule{Code}, []string{
		"What does `%s` do?", "explain `%s` to a beginner", "Why does `%s` fail?", "```\n%s\n``` is this right?",
	}, one("x == y", "x = y", "x != y", "i++", "i--", "git push", "git pull", "rm -r", "rm -f", "a.sort()", "sorted(a)", "SELECT a FROM t", "SELECT b FROM t", "foo_bar", "foo-bar", "foo.bar")},
	{"identifiers", []Rule{Code}, []string{
		"What does %s do?", "why is %s undefined", "Where is %s documented?", "How do I set %s?",
	}, one("max_tokens", "max_retries", "getUserName", "getUserId", "os.path.join", "os.path.split", "std::vector", "std::list", "--force", "--dry-run", "-r", "-R", "/etc/hosts", "/etc/passwd", "main.go", "main_test.go", "$HOME", "$PATH", "foo()", "bar()", "<div>", "<span>", `C:\temp`, `C:\windows`)},
	{"addresses", []Rule{Code}, []string{
		"Is %s down?", "why can't i reach %s", "Who runs %s?",
	}, one("https://example.com/a", "https://example.com/b", "example.com", "example.org", "ann@example.com", "bob@example.com", "www.example.net", "api.example.com")},
	{"negations", []Rule{Negation}, []string{
		"What foods %s eat when I am ill?", "Why %s go to the meeting?", "Which papers %s sign?", "Tell me what %s do in an emergency.",
	}, pairs("should I | shouldn't I", "can I | can't I", "can I | cannot I", "should I | should I not", "must I | must I not", "could I | couldnt I", "would I | would I never")},
	{"with and without", []Rule{Negation, Antonym}, []string{
		"how do i bake bread %s yeast", "Can I log in %s a password?", "Is a contract valid %s a signature?", "coffee %s milk",
	}, pairs("with | without", "using | not using", "with any | with no")},
	{"negated words", []Rule{Negation, Antonym}, []string{"Is it %s to park here?", "why is this %s", "Which of these are %s?", "Is that %s in winter?"},
		pairs("legal | illegal", "possible | impossible", "safe | unsafe", "likely | unlikely", "necessary | unnecessary", "toxic | non-toxic", "reliable | unreliable", "common | not common")},
	{"antonyms", []Rule{Antonym}, []string{
		"How do I %s the service?", "what happens if i %s the file", "Who may %s the account?", "Is there a command to %s it?", "Can a guest %s the door?",
	}, pairs("enable | disable", "start | stop", "open | close", "lock | unlock", "import | export", "upload | download", "install | uninstall", "upgrade | downgrade", "buy | sell", "encrypt | decrypt", "mount | unmount", "show | hide",
		"activate | deactivate", "send | receive", "connect | disconnect", "attach | detach", "subscribe to | unsubscribe from", "turn on | turn off", "compress | extract", "accept | reject", "push | pull", "increase | decrease", "follow | unfollow")},
	{"prefixes", []Rule{Antonym, Negation}, []string{"how do i %s the program", "Why is it %s?", "Is the rule %s?", "What makes data %s?"},
		pairs("load | reload", "install | reinstall", "connected | disconnected", "ordered | reordered", "mutable | immutable", "dependent | independent", "regular | irregular", "qualified | disqualified", "hypertonic | hypotonic", "intracellular | intercellular", "paid | prepaid", "prepaid | postpaid", "friendly | unfriendly", "understood | misunderstood", "compiled | decompiled")},
	{"contrary parts", []Rule{Order, Antonym}, []string{"Show flights %s Lyon", "how many mails %s Ann are there", "Is the tax on goods %s Ghana high?", "trains %s the airport please"},
		pairs("from | to", "from | into", "from | towards")},
	{"who does not", []Rule{Negation}, []string{"Why %s?", "is it true that %s", "In which city %s?"},
		pairs("do people who smoke not drink | do people who don't smoke drink", "can banks that lend not grow | can banks that don't lend grow", "do dogs that bark not bite | do dogs that do not bark bite")},
	{"symbols", []Rule{Code, Number}, []string{"What is 5 %s 3?", "7%s2 equals what", "What does %s mean in a chat?", "the result of x %s 4"}, one("+", "*", "/", "^", "<", ">", "=", "≥", "≤")},
	{"emoji", []Rule{Code}, []string{"What does %s mean?", "when do i send %s to a friend"}, one("🙂", "🙃", "❤️", "👍", "👎", "☂", "♠", "♥", "∑", "∏", "§")},
	{"contrary adjectives", []Rule{Antonym, Number}, []string{
		"What is the %s price?", "which is the %s river", "Who has the %s score?", "What are the %s months?", "find the %s file",
	}, pairs("highest | lowest", "longest | shortest", "oldest | newest", "largest | smallest", "cheapest | most expensive", "hottest | coldest", "first | last", "maximum | minimum", "fastest | slowest", "best | worst", "previous | next")},
	{"people and pairs", []Rule{Antonym}, []string{
		"What shoes suit %s?", "Do %s need more sleep?", "which vitamins do %s need", "What do %s want?",
	}, pairs("men | women", "boys | girls", "husbands | wives", "parents | children", "brothers | sisters", "employers | employees", "buyers | sellers", "teachers | students", "cats | dogs", "introverts | extroverts", "uncles | aunts")},
	{"before and after", []Rule{Antonym, Order, Date}, []string{
		"Should I eat %s a run?", "what must be done %s the launch", "Can I swim %s lunch?", "Who ruled %s the war?",
	}, pairs("before | after", "during | after", "before | during")},
	{"colours and kinds", []Rule{Antonym, Name, Date}, []string{
		"what does a %s sign mean", "Where can I find %s?", "is %s healthy", "What goes well with %s?",
	}, pairs("red | green", "blue | yellow", "black | white", "tea | coffee", "beer | wine", "apples | bananas", "chicken | pork", "gold | silver", "iron | copper", "rice | pasta", "monday | friday")},
	{"from and to", []Rule{Order}, []string{
		"How do I convert %[1]s to %[2]s?", "trains from %[1]s to %[2]s", "What is the fastest way from %[1]s to %[2]s?", "translate from %[1]s to %[2]s", "Can I transfer money from %[1]s to %[2]s?", "how far is it from %[1]s to %[2]s quickly",
	}, swap("ethanol", "acid", "London", "Leeds", "savings", "checking", "french", "dutch", "celsius", "fahrenheit", "dollars", "euros", "paris", "rome")},
	{"who does what", []Rule{Order}, []string{
		"Does a %[1]s eat a %[2]s?", "Why do %[1]ss chase %[2]ss?", "Is a %[1]s bigger than a %[2]s?", "Can a %[1]s sue a %[2]s?", "Is %[1]s safer than %[2]s?", "was the %[1]s bitten by the %[2]s",
	}, swap("snake", "hawk", "shark", "seal", "lawyer", "banker", "tenant", "broker", "fox", "owl", "robot", "pilot")},
	{"numbers in places", []Rule{Order}, []string{
		"What do %[1]s apples and %[2]s pears cost?", "a flat with %[1]s rooms and %[2]s balconies", "Is a table of %[1]s by %[2]s cm too big?", "Can I mix %[1]s cups of flour with %[2]s eggs?",
	}, swap("3", "4", "5", "12", "seven", "60")},
	{"languages", []Rule{Language}, []string{"%s"}, pairs(
		"What is the capital of the country? | Was ist die Hauptstadt des Landes?", "How do I change my password? | Wie kann ich mein Passwort ändern?", "Where is the station? | Où est la gare ?", "Why is the sky blue? | ¿Por qué es azul el cielo?",
		"How much does it cost? | Сколько это стоит?", "What time is it? | 今何時ですか", "Wo ist der Bahnhof? | Où est la gare ?", "¿Cómo puedo cambiar mi contraseña? | Comment puis-je changer mon mot de passe ?", "What is love? | 爱是什么", "How are you today? | Πώς είσαι σήμερα;", "Where is my order? | أين طلبي؟")},
}

// perHard is how many pairs are made of each kind and template.
const perHard = 25

func TestHardNegatives(t *testing.T) {
	total := 0
	for _, h := range hards {
		t.Run(h.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(17, uint64(len(h.name))))
			for _, template := range h.templates {
				for range perHard {
					a, b := h.fill(r)
					x, y := fmt.Sprintf(template, a...), fmt.Sprintf(template, b...)
					got := Compare(x, y, false)
					if !slices.ContainsFunc(got, func(r Rule) bool { return slices.Contains(h.rules, r) }) {
						t.Errorf("%q, %q: %v, want one of %v", x, y, got, h.rules)
					}
					total++
				}
			}
		})
	}
	if total < 3000 {
		t.Errorf("%d pairs were made, want 3,000 or more", total)
	}
}

// TestWrittenHardNegatives compares pairs that were written one by one.
func TestWrittenHardNegatives(t *testing.T) {
	for line := range strings.Lines(written) {
		a, b, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if ok && Compare(a, b, false) == nil {
			t.Errorf("%q, %q: no rule", a, b)
		}
	}
}

const written = `
	Can I return this within 30 days? | Can I return this within 90 days?
	What is the warranty on the X200 model? | What is the warranty on the X300 model?
	How many calories are in a banana? | How many calories are in an apple?
	how many calories in 100g of rice | how many calories in 200g of rice
	Is it legal to drive at 16? | Is it legal to drive at 18?
	What is 12 times 8? | What is 12 times 9?
	What is the square root of 144? | What is the square root of 169?
	Set a timer for ten minutes | Set a timer for ten hours
	Who won the 2018 World Cup? | Who won the 2022 World Cup?
	Book a flight from Berlin to Paris | Book a flight from Paris to Berlin
	Does John owe Mary money? | Does Mary owe John money?
	Did Google acquire Motorola? | Did Motorola acquire Google?
	Who did Alice defeat? | Who defeated Alice?
	How do I enable dark mode? | How do I disable dark mode?
	How do I turn notifications on? | How do I turn notifications off?
	Is aspirin safe during pregnancy? | Is aspirin unsafe during pregnancy?
	What foods can diabetics eat? | What foods can't diabetics eat?
	Which countries are in the EU? | Which countries are not in the EU?
	Which students passed the exam? | Which students failed the exam?
	Is the store open on weekdays? | Is the store open on weekends?
	What is the max file size? | What is the min file size?
	What is the deadline for the first assignment? | What is the deadline for the second assignment?
	How do I cancel my order before it ships? | How do I cancel my order after it ships?
	Can I get a refund with a receipt? | Can I get a refund without a receipt?
	How much is a ticket for adults? | How much is a ticket for children?
	convert 5 kg to pounds | convert 5 pounds to kg
	convert 10 USD to EUR | convert 10 EUR to USD
	convert 10 usd to eur | convert 10 usd to gbp
	what is the exchange rate of dollar to euro | what is the exchange rate of euro to dollar
	is python faster than java | is java faster than python
	What is the boiling point of water? | What is the freezing point of water?
	when does summer start | when does winter start
	What was the population of Rome in 100 AD? | What was the population of Rome in 100 BC?
	What is the weather in Springfield, IL? | What is the weather in Springfield, MA?
	What's the time in New York? | What's the time in New Delhi?
	When is Easter 2024? | When is Easter 2025?
	What meetings do I have on March 3? | What meetings do I have on March 4?
	What meetings do I have on 3 March? | What meetings do I have on 3 May?
	Remind me at 7am | Remind me at 7pm
	remind me at 7 | remind me at 8
	How do I delete a branch locally? | How do I delete a branch remotely?
	How do I undo the last commit? | How do I undo the last 2 commits?
	What does HTTP 404 mean? | What does HTTP 403 mean?
	what does -v do in docker run | what does -p do in docker run
	What does const mean in C++? | What does const mean in JavaScript?
	Who is the president of the US? | Who is the vice president of the US?
	Who is the CEO of Apple? | Who is the CFO of Apple?
	who is the ceo of apple | who is the ceo of microsoft
	How long should I boil soft eggs? | How long should I boil hard eggs?
	Is 5 greater than 3? | Is 3 greater than 5?
	Is 0.5 bigger than 0.05? | Is 0.05 bigger than 0.5?
	subtract 5 from 8 | subtract 8 from 5
	divide 10 by 2 | divide 2 by 10
	What is 10% of 50? | What is 50% of 10?
	What is the dose for a 5 year old? | What is the dose for a 15 year old?
	dose for adults twice daily | dose for adults three times daily
	take it once a day | take it twice a day
	Does it work with iOS 17? | Does it work with iOS 16?
	Upgrade from v1 to v2 | Upgrade from v2 to v1
	Upgrade from 1.2 to 2.0 | Upgrade from 2.0 to 1.2
	I can log in but not upload | I can upload but not log in
	Why do cats like dogs? | Why do dogs like cats?
	Summarize chapter 3 | Summarize chapter 13
	translate hello to spanish | translate hello to french
	translate from english to german | translate from german to english
	How do I say "yes" in Japanese? | How do I say "no" in Japanese?
	what is the plural of mouse | what is the singular of mouse
	What is the capital of South Korea? | What is the capital of North Korea?
	what's the capital of south sudan | what's the capital of sudan
	Who was the 16th president? | Who was the 26th president?
	Who was king in the 12th century? | Who was king in the 13th century?
	What is the minimum age to vote? | What is the maximum age to vote?
	How do I increase font size? | How do I decrease font size?
	Is it going to rain today? | Is it going to rain tomorrow?
	What did the stock do last week? | What did the stock do last month?
	events this week | events next week
	What is the interest rate for savings accounts? | What is the interest rate for checking accounts?
	my card was charged twice | my card was charged once
	my payment failed | my payment succeeded
	I want to open an account | I want to close an account
	I received the wrong item | I received the right item
	Can I have more than one account? | Can I have less than one account?
	at least 5 characters | at most 5 characters
	more than 5 people | fewer than 5 people
	more than 5 people | exactly 5 people
	above 5 degrees | below 5 degrees
	up to 5 users | from 5 users
	Is the file bigger than 5 MB? | Is the file bigger than 5 GB?
	latency under 5 ms | latency under 5 s
	How tall is a 2 m wall? | How tall is a 2 ft wall?
	5 m run | 5 km run
	$5 | €5
	5 dollars | 5 cents
	10 Mbps plan | 10 Gbps plan
	heat to 200C | heat to 200F
	heat to 200 °C | heat to 200 °F
	a quarter of the cake | half of the cake
	a third of the votes | two thirds of the votes
	one in ten people | one in a hundred people
	What are the side effects of drug A? | What are the side effects of drug B?
	Compare plan A and plan B | Compare plan A and plan C
	type 1 diabetes | type 2 diabetes
	World War I causes | World War II causes
	world war 1 causes | world war 2 causes
	Henry VIII wives | Henry VII wives
	Louis XIV of France | Louis XVI of France
	Rocky III plot | Rocky IV plot
	Windows XP support | Windows Vista support
	RTX 3080 vs RTX 3090 | RTX 3080 vs RTX 3070
	is it better to rent or buy | is it better to rent or lease
	My name is Ann. What is my name? | My name is Bob. What is my name?
	Who wrote Emma? | Who wrote Dracula?
	Is Pluto a planet? | Is Mars a planet?
	Amazon return policy | Walmart return policy
	Bitcoin price | Ethereum price
	Toyota Corolla mileage | Honda Civic mileage
	Spanish word for dog | Italian word for dog
	Dr. Smith's office hours | Dr. Jones's office hours
	email to bob | email from bob
	letters to my mother | letters from my mother
	the man who bit the dog | the dog who bit the man
	the teacher of the student | the student of the teacher
	is a square a rectangle | is a rectangle a square
	are all cats animals | are all animals cats
	do all birds fly | do no birds fly
	Are there any vegan options? | Are there no vegan options?
	It is raining. Should I go? | It isn't raining. Should I go?
	I have a passport, can I travel? | I don't have a passport, can I travel?
	I'm allergic to nuts | I'm not allergic to nuts
	tell me something I know | tell me something I don't know
	never share my data | always share my data
	neither red nor blue | red and blue
	none of the files | all of the files
	nobody can see it | everybody can see it
	the user can't see | the user can see
	without sugar | with sugar
	unlock my phone | lock my phone
	undo this | redo this
	signed integers | unsigned integers
	sync call | async call
	HTTP | HTTPS
	http port | https port
	IPv4 address | IPv6 address
	git merge main into dev | git merge dev into main
	copy a to b | copy b to a
	rename foo.txt to bar.txt | rename bar.txt to foo.txt
	ssh user@host1 | ssh user@host2
	cd /var/log | cd /var/lib
	what is x + y | what is x - y
	f(x) = 2x | f(x) = 3x
	solve x^2 = 4 | solve x^3 = 4
	a > b | a < b
	true && false | true || false
	port 8080 | port 8081
	10.0.0.1 | 10.0.0.2
	+1 555 0100 | +1 555 0101
	order #12345 | order #12346
	order A-1001 | order B-1001
	seat 12A | seat 12B
	flight LH400 | flight LH401
	flight LH400 | flight BA400
	room B2 | room C2
	ISBN 978-3-16-148410-0 | ISBN 978-3-16-148410-1
	the 1990s | the 1980s
	the '90s | the '80s
	19th century art | 20th century art
	5-year plan | 10-year plan
	2-bedroom flat | 3-bedroom flat
	two-bedroom flat | three-bedroom flat
	Kann ich in 30 Tagen zurücktreten? | Kann ich in 14 Tagen zurücktreten?
	Ist das erlaubt? | Ist das nicht erlaubt?
	Ich habe einen Vertrag | Ich habe keinen Vertrag
	mit Zucker | ohne Zucker
	am Montag um acht Uhr | am Dienstag um acht Uhr
	von Berlin nach Köln mit dem Zug | von Köln nach Berlin mit dem Zug
	Je veux du café | Je ne veux pas de café
	Quiero café con leche | Quiero café sin leche
	avec du sucre | sans sucre
	en enero de este año | en febrero de este año
	deux jours | trois jours
`
