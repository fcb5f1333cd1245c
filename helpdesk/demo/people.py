"""Everybody in the demo. All are invented; their domains are reserved (RFC 2606)."""

from typing import NamedTuple

PASSWORD = "correct-desk-lamp"  # noqa: S105 - public on purpose; only ever in a demo
TOTP_SECRET = "DEMODESKDEMODESKDEMODESKDEMODESK"  # noqa: S105


class Colleague(NamedTuple):
    """A member of staff; the handle is the part of the email before our own domain."""

    handle: str
    name: str
    role: str
    time_zone: str = "Europe/Berlin"


STAFF = (
    Colleague("mara", "Mara Lindqvist", "leads free, community and paid support"),
    Colleague("tomasz", "Tomasz Wrona", "agent in all three queues", "Europe/Warsaw"),
    Colleague("ines", "Ines Carvalho", "agent in free and community support", "Europe/Lisbon"),
    Colleague("bilal", "Bilal Haddad", "security team, agent in paid support"),
    Colleague("oskar", "Oskar Vik", "reads everything but security, changes nothing"),
    Colleague("priya", "Priya Raman", "freelancer, sees only her own tickets", "Asia/Kolkata"),
    Colleague("greta", "Greta Noll", "admin: configures, sees no ticket"),
)
ADMIN = "greta"


class TeamPlan(NamedTuple):
    """A team: its people, and its level in each queue."""

    name: str
    members: tuple[str, ...]
    levels: dict[str, str]
    is_security: bool = False


TEAMS = (
    TeamPlan("Front desk", ("tomasz", "ines"), {"free": "work", "community": "work"}),
    TeamPlan("Paid support", ("tomasz", "bilal"), {"paid": "work", "community": "read"}),
    TeamPlan("Leads", ("mara",), {"free": "lead", "community": "lead", "paid": "lead"}),
    TeamPlan("Security", ("bilal",), {"security": "lead"}, is_security=True),
    TeamPlan("Security helpers", ("mara",), {"security": "work"}, is_security=True),
    TeamPlan("Product", ("oskar",), {"free": "read", "community": "read", "paid": "read"}),
    TeamPlan("Freelancers", ("priya",), {"paid": "own"}),
)

# Who answers in which queue, the most frequent first.
ANSWERS = {
    "free": ("ines", "tomasz", "ines", "mara"),
    "community": ("tomasz", "ines", "tomasz"),
    "paid": ("tomasz", "bilal", "mara", "tomasz", "priya"),
    "security": ("bilal", "bilal", "mara"),
}


class Company(NamedTuple):
    """A customer: the first person manages it. Its address tells the domain."""

    name: str
    domain: str
    people: tuple[str, ...]
    notes: str = ""


ORGANISATIONS = (
    Company(
        "Lantern Works",
        "lanternworks.example",
        ("Ruth Abara", "Colin Mead", "Sofie Dahl", "Emre Aksoy"),
        "Runs three instances. Prefers a call before any maintenance.",
    ),
    Company(
        "Harbour Clinic",
        "harbourclinic.example",
        ("Yusuf Demir", "Helen Okafor", "Lars Brandt"),
        "Hospital: never ask for patient data, also not in screenshots.",
    ),
    Company(
        "Nordwind Logistik",
        "nordwind.example",
        ("Katrin Ahlers", "Jens Petersen", "Miriam Voss"),
        "Writes in German, reads English.",
    ),
    Company(
        "Atelier Mimosa",
        "ateliermimosa.example",
        ("Camille Ferrand", "Léo Marchetti"),
    ),
    Company(
        "Kestrel University",
        "kestrel-uni.example",
        ("Dr. Aoife Brennan", "Sam Whitlock", "Nadia Rahimi", "Peter Ng"),
        "Terms: no changes in the first week of a semester.",
    ),
    Company(
        "Puente Foods",
        "puentefoods.example",
        ("Marta Ibáñez", "Diego Sandoval", "Lucía Peña"),
    ),
    Company(
        "Ashgrove Libraries",
        "ashgrove.example",
        ("Fiona Gale", "Owen Pryce"),
    ),
    Company(
        "Tidewater Press",
        "tidewaterpress.example",
        ("Noa Elkayam", "Hassan Mansour", "Beatrix Kohl"),
    ),
)

SOLO = (
    ("Jun Takeda", "jun.takeda@example.org"),
    ("Alma Reyes", "alma@example.net"),
    ("Viktor Hrubý", "viktor@hruby.example"),
    ("Wren Castellan", "wren.castellan@example.com"),
    ("Piotr Zając", "pzajac@example.org"),
    ("Odile Garnier", "odile@garnier.test"),
    ("Kofi Mensah", "kofi.mensah@example.net"),
    ("Sunniva Aas", "sunniva@aas.example"),
    ("Ravi Deshpande", "ravi@deshpande.test"),
    ("Teodora Ilić", "teodora.ilic@example.org"),
    ("Marlon Quist", "marlon@quist.example"),
    ("Greta Falk", "gfalk@example.com"),
    ("Ibrahim Saleh", "ibrahim@saleh.test"),
    ("Chloé Martin-Roy", "chloe.mr@example.org"),
    ("Bo Lindgaard", "bo@lindgaard.example"),
    ("", "builds@ci.example"),
)

# Customers who can sign in: a manager, a member, and somebody without an organisation.
CUSTOMER_LOGINS = (
    ("ruth.abara@lanternworks.example", "manager of Lantern Works"),
    ("colin.mead@lanternworks.example", "member of Lantern Works"),
    ("alma@example.net", "customer without an organisation"),
)
