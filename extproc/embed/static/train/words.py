"""Words that questions are made of. Those between two semicolons mean the same, more or less."""

VERBS = """fix, repair; buy, purchase, get; sell; delete, remove, erase; cancel, terminate, end; change, update, modify, edit
create, make, set up; build, construct; learn, study, master; teach, explain; improve, get better at, boost; speed up, make faster, accelerate
reduce, lower, decrease, cut; increase, raise, grow; find, locate, look for; choose, pick, select; compare; start, begin, launch; stop, quit, give up
download, save; upload; install, set up; uninstall, remove; configure, customize; connect, link, pair; disconnect, unlink; reset, restore, recover
restart, reboot; share, send; print; translate; rename; move, transfer, migrate; copy, duplicate, clone; merge, combine, join; split, divide, separate
sort, order; filter; search; track, follow, monitor; check, verify, test; prove, show; measure, calculate, compute; estimate, predict, forecast
open; close, shut down; lock; unlock; block, ban; unblock; hide; clean, wash; cook, prepare, make; bake; freeze; grow, plant, cultivate; paint, draw
write, compose; read, understand; remember, memorize; forget, get over; avoid, prevent; protect, secure, defend; hack, break into; earn, make money from
invest in, put money into; pay for; borrow, rent, hire; return, send back, give back; replace, exchange, swap, substitute; refund; ship, deliver, mail
book, reserve, schedule; postpone, reschedule, delay; visit, travel to, go to; leave; drive; fly; ride; lose, get rid of; gain, put on
treat, cure, heal; survive, live through; train, practice; host, organize, plan; apply for; register for, sign up for, enroll in; deploy, release, publish
debug, troubleshoot; compile; encrypt; decrypt; parse; format; convert, turn, transform; back up; scale; cache; optimize, tune; refactor, rewrite; mock; log"""

THINGS = """password, passcode; account, profile; order, purchase; invoice, bill, receipt; subscription, membership, plan; credit card, bank card; debit card; bank account
phone, mobile phone, smartphone, cell phone; laptop, notebook computer; computer, PC; tablet; printer; router; keyboard; screen, display, monitor; battery; charger
camera; television, TV; car, automobile, vehicle; motorcycle, motorbike; bicycle, bike; truck, lorry; boat; airplane, plane; train ticket; flight; hotel room; passport; visa
house, home; apartment, flat; garden, yard; kitchen; roof; garage; furniture; lawn; window; fence; mortgage, home loan; rent; tax return; salary, pay, wage; pension; insurance policy, insurance
job, position; resume, CV; job interview; career; company, business, firm; startup, new company; website, web site, homepage; blog; app, mobile app, application; game, video game
email, mail; message, text message; photo, picture, image; video, clip; song, music; movie, film; book, novel; essay, paper; letter; speech, talk; presentation, slides; spreadsheet, table
file, document; folder, directory; database; server, machine; cluster; container; virtual machine; network, internet connection; firewall; certificate; API key, access token; backup; script, program
function, method; class; array, list; string; loop; thread; query, SQL statement; index; branch; commit; pull request, merge request; repository, repo; test, unit test; bug, defect, error; log file
language, foreign language; English; Spanish; Chinese; mathematics, math, maths; physics; chemistry; biology; history; economics; psychology; programming, coding; guitar; piano; violin; chess; swimming; yoga; poetry
weight; muscle; fat; headache; fever; cold, flu; cough; acne, pimples; anxiety; depression; stress; insomnia, sleep problems; diabetes; cancer; allergy; blood pressure; skin; hair; teeth; vision, eyesight; memory
friend, buddy; girlfriend; boyfriend; wife, spouse; husband; child, kid; baby, infant; teenager, teen; parents; boss, manager, supervisor; colleague, coworker; teacher, instructor; doctor, physician; lawyer, attorney
dog, puppy; cat, kitten; horse; fish; bird; snake; spider; tree; flower; rice; bread; pizza; chicken; beef; eggs; cheese; coffee; tea; beer; wine; chocolate; sugar; salt
money, cash; bitcoin, cryptocurrency; stocks, shares; gold; real estate, property; loan, credit; debt; budget; currency; discount, coupon; gift card, voucher; shipping address, delivery address; phone number; username, user name"""

TOPICS = """artificial intelligence, AI; machine learning; quantum mechanics, quantum physics; general relativity; dark matter; black holes; gravity; evolution, natural selection; global warming, climate change; photosynthesis
democracy; capitalism; communism; socialism; feminism; religion; atheism; Buddhism; Islam; Christianity; Hinduism; philosophy; ethics, morality; free will; consciousness; intelligence; happiness; love; success; failure; death; war; peace
inflation; recession, economic crisis; unemployment, joblessness; poverty; taxation, taxes; globalization; free trade; immigration; education; health care, healthcare; police; military, army; parliament; elections, voting; constitution; supreme court; president, head of state
World War II, the second world war; the Roman Empire, ancient Rome; the French Revolution; the Cold War; slavery; colonialism; ancient Egypt; the Middle Ages; the industrial revolution; the moon landing; nuclear weapons, atomic bombs; nuclear energy, nuclear power; solar energy, solar power; electric cars, electric vehicles
Python; Java; JavaScript; Rust; Linux; Windows; Android; iPhone; Google; Facebook; Amazon; Microsoft; Apple; Netflix; Twitter; YouTube; Wikipedia; Docker; Kubernetes; Redis; Postgres; Kafka; React; Git; blockchain; cloud computing, the cloud; big data; cybersecurity, computer security; virtual reality
football, soccer; basketball; cricket; tennis; baseball; rugby; golf; boxing; the Olympics, the Olympic games; the World Cup; marathon; hiking; cycling; surfing; photography; cooking; gardening; fashion; tattoos; astrology; meditation; vegetarian diet, vegetarianism; vegan food; keto diet; intermittent fasting
recursion; inheritance; garbage collection; deadlocks; race conditions; load balancing; rate limiting; caching; sharding; replication; eventual consistency; continuous integration; test coverage; dependency injection; microservices; two-factor authentication, 2FA; single sign-on, SSO; OAuth; TLS; DNS; TCP; UDP; HTTP; REST; GraphQL
shipping, delivery; returns; refunds; warranty, guarantee; customer support, customer service; parking; check-in; checkout; overtime; vacation, holidays; sick leave; maternity leave; remote work, working from home; notice period; probation; bonus; stock options; payroll; expense report; travel insurance; exchange rate; wire transfer; interest rate"""

PLACES = """India; China; the United States, the USA, America; the United Kingdom, the UK, Britain; Germany; France; Japan; Canada; Australia; Brazil; Russia; Mexico; Italy; Spain; Pakistan; Nigeria; South Africa; Egypt; Turkey; Iran; Israel; Saudi Arabia; Dubai; Singapore; Korea; Thailand; Vietnam
London; Paris; New York, New York City, NYC; Los Angeles, LA; San Francisco; Chicago; Boston; Toronto; Sydney; Mumbai; Delhi; Bangalore; Hyderabad; Chennai; Pune; Beijing; Shanghai; Tokyo; Berlin; Madrid; Rome; Moscow; Europe; Asia; Africa; California; Texas; Florida"""

PEOPLE = """students; beginners, newcomers; engineers; programmers, developers, coders; doctors; teachers; lawyers; women; men; children, kids; teenagers, teens; old people, the elderly, seniors; parents; immigrants; tourists, travelers; small businesses; startups; managers; scientists, researchers; artists; athletes; politicians; employees, workers; freelancers; drivers; gamers; Americans; Indians; Germans; Muslims; introverts; vegetarians"""

QUALITIES = """good; bad; cheap, inexpensive, affordable; expensive, costly; safe, secure; dangerous, risky; legal, allowed; illegal, forbidden; popular; famous; rich, wealthy; poor; healthy; unhealthy; strong; weak; fast, quick; slow; big, large; small, little; hot; cold; old; new; beautiful, pretty; ugly; smart, intelligent, clever; stupid, dumb; happy; sad, unhappy; lonely; tired; angry; difficult, hard; easy, simple; important; useful; useless; real; fake; boring; interesting; normal; weird, strange; hated; loved; successful; confident; lazy; shy; reliable; open source; free; overrated; underrated"""


def groups(text):
    """Groups of synonyms: those of a line or of one between semicolons."""
    return [[w.strip() for w in g.split(",")] for line in text.splitlines() for g in line.split(";") if g.strip()]
