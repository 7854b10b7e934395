"""The fixed texts that a synthesizer is measured on: 40 sentences for the eye and 300 phrases for the window.

All are made up here. They are what people write by hand - notes, addresses, dates, numbers, greetings - with more
digits, capitals, rare letters and punctuation than running text has, because that is where synthesizers fail.
"""

from __future__ import annotations

import random

SENTENCES = (
    "Dear Mr. Quentin Zeller,",
    "Happy 40th birthday, Roxanne!",
    "Meet me at 7:45 by the station.",
    "17 Queen's Road, Boxford QX8 1ZE",
    "Call Felix: 0491 570 156",
    "Zurich, 26 October 1987",
    "Buy milk, eggs, and 2 lb of butter",
    "Extraordinary circumstances require care",
    "Quiz night: Thursday at The Fox",
    "Rent due on 1 May: 1,350 dollars",
    "Thank you for the lovely jam, Joyce.",
    "X marks the spot, said Captain Yates.",
    "Flight QZ 1608 leaves at 10:25",
    "Uncommunicative neighbours again...",
    "Why did Zack quit his job?",
    "Invoice No. 20394, paid in full",
    "The jury queried Exhibit Q twice.",
    "P.S. Give my love to Aunt Beatrix!",
    "Room 316, Hotel Quisisana, Capri",
    "Take 2 tablets every 6 hours.",
    "Professor Van Dijk lectures on Mondays",
    "Get well soon, Granny Hazel!",
    "Vaccination: 14 March, 8:30 a.m.",
    "His password was XQ7-Z94, oddly.",
    "Internationally renowned violinist",
    "Never mix bleach with ammonia!",
    "Seven lazy zebras graze in Kenya.",
    "Add 250 g flour; bake for 45 min.",
    "Lucy's dentist: Dr. Okafor, Unit 12",
    "Congratulations, Class of 2024!",
    "Is the 5:52 to Exeter on time?",
    "A quick response is much appreciated.",
    "Lost: grey cat, answers to Quincy",
    'We saw "Othello" in York last week.',
    "Ask Iggy (the plumber) about the leak.",
    "Gate code 8063, then turn left",
    "Environmental Responsibility Group",
    "Xavier won 34 to 21 on Saturday.",
    "Wish you were here! Love, Max and Uma",
    "Yours sincerely, Nathaniel H. Brook",
)
"""The sheet that is read blind. Sentence i is written with seed i."""

PHRASES = 300

_FIRST = (
    "Alice", "Boris", "Chloe", "Dmitri", "Erika", "Faisal", "Greta", "Hugo", "Ingrid", "Jacob", "Katya", "Liam",
    "Maxine", "Nora", "Oscar", "Paula", "Quinn", "Rajiv", "Sofia", "Tomas", "Ursula", "Victor", "Wendy", "Xenia",
    "Yusuf", "Zelda",
)  # fmt: skip
_LAST = (
    "Abbott", "Bianchi", "Cox", "Drexler", "Eze", "Fitzgerald", "Gonzalez", "Hughes", "Ibsen", "Jakobsen", "Kowalski",
    "Lindqvist", "McKay", "Nguyen", "O'Hara", "Petrov", "Quirk", "Ritz", "Szabo", "Tanaka", "Urquhart", "Vasquez",
    "Whitaker", "Xu", "Young", "Zimmermann",
)  # fmt: skip
_PLACES = (
    "Antwerp", "Berlin", "Cairo", "Dublin", "Exeter", "Fez", "Geneva", "Hanoi", "Izmir", "Jaipur", "Kyoto", "Luxor",
    "Mexico City", "New York", "Oxford", "Phoenix", "Quebec", "Riga", "Suez", "Texas", "Utrecht", "Venice", "Warwick",
    "Xanten", "York", "Zagreb",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONG = (
    "acknowledgement", "characteristically", "circumnavigation", "disproportionate", "electromagnetic",
    "extraordinarily", "fluorescence", "incomprehensible", "jurisprudence", "kaleidoscopic", "misunderstanding",
    "neighbourhood", "obsequiousness", "photosynthesis", "quantification", "reconnaissance", "straightforward",
    "thermodynamics", "unquestionable", "zoological",
)  # fmt: skip
_THINGS = (
    "apples", "books", "candles", "dozen eggs", "envelopes", "figs", "gloves", "hinges", "jars", "keys", "lemons",
    "maps", "nuts", "oysters", "pizzas", "quilts", "ropes", "saxophones", "tickets", "umbrellas", "vases", "wax seals",
    "yards of silk", "zips",
)  # fmt: skip
_VERBS = ("find", "fix", "juggle", "explain", "organize", "quote", "weigh", "vex", "follow", "describe", "buy", "keep")
_ADJECTIVES = ("lazy", "exact", "quiet", "brown", "jovial", "huge", "fuzzy", "mixed", "vivid", "unique", "waxy", "pale")
_NOUNS = ("fox", "puzzle", "quartz", "wizard", "jigsaw", "taxi", "kettle", "bridge", "voyage", "garden", "blizzard")

_TEMPLATES = (
    "Dear {first} {last},",
    "{first} {last}, {number} {place} Road",
    "{day}, {date} {month} {year}",
    "Call {first} on {phone}.",
    "Is {first} still in {place}?",
    "The {adjective} {noun} is {adjective2}.",
    "We {verb} the {adjective} {noun}s.",
    "{count} {things} from {place}",
    "See you at {time} on {day}!",
    "{initial}. {initial2}. {last}, {place}",
    "{long} of the {noun}",
    '"{verb2} it!" said {first}.',
    "Order {initial}{number}-{initial2}: {count} {things}",
    "Total: {thousands} for {count} {things}",
    "{first}'s {adjective} {noun} ({year})",
    "No, {first} didn't {verb} it; why?",
    "Room {number}, {time}: {long}",
    "{place}, {place2} and {place3}",
    "{upper} and {upper2}, page {number}",
    "Yours, {first} {initial}. {last}",
)


def phrases(count: int = PHRASES) -> list[str]:
    """The first `count` of the endless list of phrases: always the same, each of 10 to 40 characters, no two alike."""
    chance = random.Random(2013)
    found: dict[str, None] = {}
    turn = 0
    while len(found) < count:
        phrase = _fill(_TEMPLATES[turn % len(_TEMPLATES)], chance)
        turn += 1
        if 10 <= len(phrase) <= 40:
            found[phrase] = None
    return list(found)


def _fill(template: str, chance: random.Random) -> str:
    """The template with every field filled by chance; `random()` alone is the same in every version of Python."""

    def number(low: int, high: int) -> int:
        return low + int(chance.random() * (high - low))

    def pick(words: tuple[str, ...]) -> str:
        return words[number(0, len(words))]

    def capital() -> str:
        return chr(number(ord("A"), ord("Z") + 1))

    return template.format(
        first=pick(_FIRST),
        last=pick(_LAST),
        place=pick(_PLACES),
        place2=pick(_PLACES),
        place3=pick(_PLACES),
        month=pick(_MONTHS),
        day=pick(_DAYS),
        long=pick(_LONG).capitalize(),
        things=pick(_THINGS),
        verb=pick(_VERBS),
        verb2=pick(_VERBS).capitalize(),
        adjective=pick(_ADJECTIVES),
        adjective2=pick(_ADJECTIVES),
        noun=pick(_NOUNS),
        upper=pick(_NOUNS).upper(),
        upper2=pick(_VERBS).upper(),
        initial=capital(),
        initial2=capital(),
        date=number(1, 29),
        year=number(1850, 2030),
        count=number(2, 100),
        number=number(1, 1000),
        thousands=f"{number(1000, 100_000):,}",
        time=f"{number(1, 13)}:{number(0, 60):02d}",
        phone=f"{number(1, 1000):03d} {number(0, 10_000):04d}",
    )
