"""Pairs of questions made from templates and words: some ask the same, the others nearly do."""

import random

import words

# A line is one thing that can be asked, in several ways. {do} is a verb with a thing, {x} and {y}
# are things or topics, {in} is a place, {who} are people, {is} is a quality.
ASKED = """
How do I {do}?|How can I {do}?|How to {do}?|What is the best way to {do}?|What's the easiest way to {do}?|What should I do to {do}?|Can you tell me how to {do}?|How does one {do}?|I want to {do}, what do I do?|What are the steps to {do}?|Is there any way to {do}?|What are some good ways to {do}?|Please help me {do}|How would you {do}?
How long does it take to {do}?|How much time does it take to {do}?|How much time do I need to {do}?|In how many days can I {do}?|What is the average time to {do}?|How many weeks does it take to {do}?
How much does it cost to {do}?|What does it cost to {do}?|What is the price to {do}?|Is it expensive to {do}?|How much money do I need to {do}?|What is the cost to {do}?
Is it safe to {do}?|Is it dangerous to {do}?|What are the risks if I {do}?|What can go wrong when I {do}?
Is it legal to {do}?|Is it illegal to {do}?|Am I allowed to {do}?|Does the law permit me to {do}?
Why should I {do}?|What are the reasons to {do}?|What is the benefit if I {do}?|Is it worth it to {do}?|Should I {do}?
Why can't I {do}?|Why am I unable to {do}?|I cannot {do}, what is wrong?|I'm not able to {do}. Why?|Why does it fail when I try to {do}?|What prevents me from being able to {do}?
Can I {do} online?|Is it possible to {do} on the internet?|Where on the web can I {do}?|Which website lets me {do}?
Where can I {do} in {in}?|What is a good place to {do} in {in}?|What's the best place in {in} to {do}?|In {in}, where do people {do}?
What do I need to {do}?|Which tools do I need to {do}?|What is required to {do}?|What are the requirements to {do}?|What equipment is necessary to {do}?
When is the best time to {do}?|When should I {do}?|What is the right time to {do}?|At what time of year is it best to {do}?
Who can help me {do}?|Whom should I ask to {do}?|Who do I contact to {do}?
What is {x}?|What does {x} mean?|What is meant by {x}?|Can you explain {x}?|Explain {x} in simple terms|What exactly is {x}?|Define {x}|What is the meaning of {x}?|What is the definition of {x}?|Tell me what {x} is
How does {x} work?|What is the working principle of {x}?|Can someone explain how {x} works?|What makes {x} work?|What is the mechanism of {x}?
What is the difference between {x} and {y}?|How do {x} and {y} differ?|{x} vs {y}: what is different?|How is {x} different from {y}?|What are the differences between {x} and {y}?|Compare {x} and {y}|In what way is {x} unlike {y}?
Which is better, {x} or {y}?|Is {x} better than {y}?|Should I choose {x} or {y}?|{x} or {y}, which one should I pick?|Would you prefer {x} to {y}?
What is the relationship between {x} and {y}?|How are {x} and {y} related?|How are {x} and {y} connected?|What does {x} have to do with {y}?|Is there a link between {x} and {y}?
What are the advantages and disadvantages of {x}?|What are the pros and cons of {x}?|What are the good and the bad sides of {x}?|What are the merits and demerits of {x}?
What are the advantages of {x}?|What are the benefits of {x}?|What is good about {x}?|What are the upsides of {x}?
What are the disadvantages of {x}?|What are the drawbacks of {x}?|What is bad about {x}?|What are the downsides of {x}?
What is the best {x}?|Which {x} is the best?|Which is the best {x}?|Can you recommend a good {x}?|What {x} would you suggest?|What's the top {x}?|What are some of the best {x}?|What are some good {x}?
What is the best {x} in {in}?|Which is the best {x} in {in}?|Where is the best {x} in {in}?|What {x} in {in} would you recommend?|Which {x} in {in} is the top one?
What is the best book about {x}?|Which book on {x} should I read?|What are the best books on {x}?|Can you recommend a book about {x}?|What are some good books to learn {x}?
How can I learn {x}?|What is the best way to learn {x}?|How do I start learning {x}?|How should I study {x}?|I want to learn {x}, where do I start?|Where can I learn {x}?|How do I get started with {x}?
What is the history of {x}?|How did {x} begin?|What is the origin of {x}?|Where does {x} come from?|How did {x} come about?
Who invented {x}?|Who discovered {x}?|Who came up with {x}?|Who is the inventor of {x}?|By whom was {x} created?
When was {x} invented?|In which year was {x} created?|When did {x} start?|When did {x} first appear?
What is the future of {x}?|What will {x} look like in the future?|How will {x} change in the coming years?|What is next for {x}?
What are the causes of {x}?|What causes {x}?|Why does {x} happen?|What is the reason for {x}?|What leads to {x}?
What are the effects of {x}?|What does {x} lead to?|What are the consequences of {x}?|What is the impact of {x}?|What happens because of {x}?
What are examples of {x}?|What are some examples of {x}?|Can you give an example of {x}?|Show me an example of {x}
What do you think about {x}?|What is your opinion on {x}?|What are your thoughts on {x}?|What are your views on {x}?|How do you feel about {x}?
What do {who} think about {x}?|What is the opinion of {who} on {x}?|How do {who} feel about {x}?|How do {who} see {x}?
Why is {x} so {is}?|What makes {x} so {is}?|Why is {x} considered {is}?|What is the reason that {x} is {is}?|How come {x} is so {is}?
Is {x} {is}?|Is it true that {x} is {is}?|Do you think {x} is {is}?|Is {x} really {is}?|Would you say that {x} is {is}?
Why is {x} not {is}?|Why isn't {x} {is}?|What is the reason that {x} isn't {is}?
Why are {who} so {is}?|What makes {who} so {is}?|Why do {who} seem to be {is}?|What is the reason that {who} are {is}?
Why do {who} like {x}?|What do {who} like about {x}?|Why are {who} fond of {x}?|What makes {x} attractive to {who}?|Why do so many {who} love {x}?
Why do {who} hate {x}?|What do {who} dislike about {x}?|Why do so many {who} have something against {x}?|Why don't {who} like {x}?
What is it like to live in {in}?|How is life in {in}?|What does it feel like to live in {in}?|How is it to live in {in}?
What are the best places to visit in {in}?|Which places should I see in {in}?|What should a tourist see in {in}?|What are must-see places in {in}?
Does {in} have {x}?|Is there {x} in {in}?|Can I find {x} in {in}?|Is {x} available in {in}?
How is {x} in {in}?|What is {x} like in {in}?|How good is {x} in {in}?
How much does {x} cost?|What is the price of {x}?|What does {x} cost?|How expensive is {x}?|How much do I pay for {x}?
How much does {x} cost in {in}?|What is the price of {x} in {in}?|What does {x} cost in {in}?|How expensive is {x} in {in}?
Where can I buy {x}?|Where can I get {x}?|Where do they sell {x}?|Which shop sells {x}?|Where is {x} sold?
How many types of {x} are there?|What are the types of {x}?|What kinds of {x} exist?|What are the different kinds of {x}?
What is wrong with my {x}?|Why does my {x} not work?|My {x} is not working, why?|Why isn't my {x} working?|My {x} stopped working, what should I do?|My {x} is broken
What is the size of {x}?|How big is {x}?|How large is {x}?|What are the dimensions of {x}?
I lost my {x}, what should I do?|What do I do if I lose my {x}?|My {x} is gone, what now?|I can't find my {x} anymore
Where is my {x}?|Where can I find my {x}?|Where do I see my {x}?|How do I find my {x}?
Do I need {x} for {y}?|Is {x} necessary for {y}?|Is {x} required for {y}?|Can I have {y} without {x}?|Does {y} require {x}?
Can I use {x} with {y}?|Does {x} work with {y}?|Is {x} compatible with {y}?|Do {x} and {y} work together?
How does {x} affect {y}?|What is the effect of {x} on {y}?|What impact does {x} have on {y}?|What does {x} do to {y}?
What if there were no {x}?|What would happen without {x}?|How would the world be without {x}?|What if {x} did not exist?
How can {who} earn money with {x}?|How can {who} make money from {x}?|What are ways for {who} to earn with {x}?
What should {who} know about {x}?|What must {who} know about {x}?|What is important for {who} to know about {x}?
How do {who} {do}?|In what way do {who} {do}?|What do {who} do to {do}?
What happens if I {do}?|What will happen when I {do}?|What if I {do}?|What are the consequences if I {do}?
What happens if I don't {do}?|What if I do not {do}?|What are the consequences if I never {do}?
Can I {do} without {x}?|Is it possible to {do} without {x}?|How can I {do} when I have no {x}?|Do I need {x} to {do}?
""".strip().splitlines()

GROUPS = [line.split("|") for line in ASKED]


class Maker:
    """Makes pairs of questions. A meaning is, for each slot, the words that say the same."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.verbs, self.things, self.topics = (words.groups(w) for w in (words.VERBS, words.THINGS, words.TOPICS))
        self.others = {
            "in": words.groups(words.PLACES), "who": words.groups(words.PEOPLE), "is": words.groups(words.QUALITIES),
        }

    def choose(self):
        """A meaning by chance."""
        pick = self.rng.choice
        meaning = {slot: pick(of) for slot, of in self.others.items()}
        meaning["verb"], meaning["object"] = pick(self.verbs), pick(self.things)
        for slot in ("x", "y"):
            meaning[slot] = pick(self.things if self.rng.random() < 0.4 else self.topics)
        return meaning

    def say(self, template, meaning):
        """A question with that meaning."""
        said = {slot: self.rng.choice(of) for slot, of in meaning.items()}
        article = self.rng.choice(["", "my ", "a ", "the ", ""])
        return template.format(do=f"{said['verb']} {article}{said['object']}", **said)

    def pair(self):
        group, meaning = self.rng.choice(GROUPS), self.choose()
        first = self.rng.choice(group)
        if self.rng.random() < 0.5:
            rest = [t for t in group if t != first]
            return self.say(first, meaning), self.say(self.rng.choice(rest), meaning), 1
        if self.rng.random() < 0.3:
            group, other = self.beside(group), meaning
        else:
            other = self.changed(group, meaning)
            if other == meaning:
                return self.pair()
        return self.say(first, meaning), self.say(self.rng.choice(group), other), 0

    def beside(self, group):
        """Another thing that can be asked with the same slots."""
        return self.rng.choice([g for g in GROUPS if g is not group and slots(g) == slots(group)] or GROUPS)

    def changed(self, group, meaning):
        """A meaning with something else in one of the group's slots, with luck."""
        fresh, slot = self.choose(), self.rng.choice(sorted(slots(group)))
        if slot == "do":
            slot = self.rng.choice(["verb", "object"])
        return meaning | {slot: fresh[slot]}


def slots(group):
    """Those that its ways have."""
    return frozenset(slot for slot in ("do", "x", "y", "in", "who", "is") if "{%s}" % slot in group[0])


def pairs(seed, count):
    """Two questions and 1 if they ask the same, or 0, as often as that."""
    maker = Maker(seed)
    return [maker.pair() for _ in range(count)]
