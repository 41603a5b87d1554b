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
	}, one("serene", "serendipity", "lest", "abash", "to be or not", "break a leg", "spill the beans", "ubiquitous", "arcane", "the last leaf")},
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
	{"contrary adjectives", []Rule{Antonym}, []string{
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
