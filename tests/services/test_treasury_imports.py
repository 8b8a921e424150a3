"""A file of the Treasury: taken once, wholly or not at all, nothing of it lost (R47, S58, S111)."""

import pytest

from adapters.tables import read_table
from domain.enums import InvoiceState, PaymentMethod
from domain.errors import NotFound, Refused
from models import AuditEvent, Invoice, OutgoingMail, Payment, TreasuryImport, TreasuryImportLine
from queries import treasury as treasury_queries
from services import ledger, payments, treasury_imports
from services.family_exports import FileKind
from services.transaction import write_transaction
from tests.services.test_payments import Desk

HEAD = "Référence;Montant;Date\n"


class Post(Desk):
    """A desk that receives files of the Treasury."""

    def __init__(self, world, **options):
        super().__init__(world, **options)
        self.today = world.now.date()

    def reference(self, invoice_id):
        return next(bill.reference for bill in self.world.all(Invoice) if bill.id == invoice_id)

    def line(self, invoice_id, amount, day="12/01/2027"):
        return f"{self.reference(invoice_id)};{amount};{day}\n"

    def keep(self, content):
        content = content if isinstance(content, bytes) else content.encode()
        with self.app.app_context():
            return treasury_imports.keep(content, owner_id=self.agent.user_id, now=self.world.now)

    def take(self, content, name="confirmations.csv"):
        return self.apply(self.keep(content), name)

    def apply(self, key, name="confirmations.csv"):
        with self.app.app_context():
            return treasury_imports.apply(key, name, author=self.agent, now=self.world.now)

    def lines(self):
        return [(one.number, one.is_accepted, one.reason) for one in self.world.all(TreasuryImportLine)]

    def paid_online(self, cents):
        bill = self.bill(cents)
        self.receive_online(cents, bill)
        return bill

    def receive_online(self, cents, bill):
        """As the payment service settles a bill."""
        paid = self.world.payment(self.regie, self.household, cents, method=PaymentMethod.ONLINE_CARD)
        with self.app.app_context(), write_transaction() as session:
            ledger.hold(session, self.household.id)
            ledger.pay(session, session.get_one(Payment, paid.id), [session.get_one(Invoice, bill)])


@pytest.fixture
def post(world):
    return Post(world)


def test_a_file_settles_what_it_names(post):
    whole, part, online, other = post.bill(4320), post.bill(1000), post.paid_online(700), post.bill(500)
    text = HEAD + post.line(whole, "43,20") + post.line(part, "6", "2027-01-12") + post.line(online, "7,00")
    made = post.take(text)
    assert post.state(whole) == (InvoiceState.SETTLED, 4320)
    assert post.state(part) == (InvoiceState.PARTIAL, 600)
    assert post.state(online) == (InvoiceState.SETTLED, 700)
    assert post.state(other) == (InvoiceState.UNSETTLED, 0)
    confirmed = next(bill for bill in post.world.all(Invoice) if bill.id == online)
    assert confirmed.confirmed_on == post.today
    kept = post.world.all(TreasuryImportLine)
    assert [line.invoice_id for line in kept] == [whole, part, online]
    assert [line.payment_id is not None for line in kept] == [True, True, False]
    by_treasury = [one for one in post.world.all(Payment) if one.method is PaymentMethod.TREASURY]
    assert [one.amount_cents for one in by_treasury] == [4320, 600]
    assert all(one.refunded_cents == 0 and one.received_on == post.today for one in by_treasury)
    actions = [event.action for event in post.world.all(AuditEvent)]
    assert actions.count("invoice.confirmed") == 3
    assert actions.count("treasury_import.taken") == 1
    assert post.world.one(TreasuryImport).id == made


def test_what_is_rejected_is_kept_with_its_reason_and_has_no_effect(post):
    bill = post.bill(4320)
    text = HEAD + "INCONNUE;43,20;12/01/2027\n" + post.line(bill, "99") + post.line(bill, "43,20")
    made = post.take(text)
    assert [accepted for _, accepted, _ in post.lines()] == [False, False, True]
    assert post.lines()[0] == (2, False, "Aucune facture n’a cette référence.")
    with post.app.app_context():
        content = treasury_imports.rejected(made).content.decode("utf-8-sig")
    head, first, second = content.splitlines()
    assert head == "Référence;Montant;Date;Motif du rejet"
    assert first == "INCONNUE;43,20;12/01/2027;Aucune facture n’a cette référence."
    assert second.startswith(f"{post.reference(bill)};99;12/01/2027;Le montant dépasse")


def test_the_rejected_lines_once_mended_are_a_new_file(post):
    bill = post.bill(4320)
    made = post.take(HEAD + post.line(bill, "43,20", "demain"))
    with post.app.app_context():
        rejected = treasury_imports.rejected(made).content
    assert post.state(bill) == (InvoiceState.UNSETTLED, 0)
    post.take(rejected.decode("utf-8-sig").replace("demain", "12/01/2027"))
    assert post.state(bill) == (InvoiceState.SETTLED, 4320)


@pytest.mark.parametrize("kind", FileKind)
def test_what_is_owed_goes_out_and_comes_back_settled(post, kind):
    """The round trip (R47): the file that the service sends is the one that it takes, the dates filled in."""
    bills = [post.bill(4320), post.bill(1005), post.paid_online(700)]
    post.receive(320, invoice_ids={bills[0]})
    with post.app.app_context():
        sent = treasury_imports.awaited(kind, post.today).content
    head, *rows = read_table(sent)
    assert head[:3] == ["Référence", "Montant", "Date"]
    amounts = {row[0]: row[1] for row in rows}
    assert sorted(amounts) == sorted(map(post.reference, bills))
    filled = "".join(f'"{row[0]}";"{row[1]}";12/01/2027;{row[4]}\n' for row in rows)
    post.take("Référence;Montant;Date;Foyer\n" + filled)
    assert {post.state(bill)[0] for bill in bills} == {InvoiceState.SETTLED}
    assert [post.state(bill)[1] for bill in bills] == [4320, 1005, 700]
    with post.app.app_context():
        again = read_table(treasury_imports.awaited(kind, post.today).content)
    assert again == [head]


def test_the_same_file_twice_changes_nothing(post):
    bill = post.bill(4320)
    text = HEAD + post.line(bill, "20")
    first = post.take(text)
    assert post.take(text, "autre nom.csv") == first
    assert post.state(bill) == (InvoiceState.PARTIAL, 2000)
    assert len(post.world.all(TreasuryImport)) == 1
    with post.app.app_context():
        key = treasury_imports.keep(text.encode(), owner_id=post.agent.user_id, now=post.world.now)
        found = treasury_imports.examine(key, owner_id=post.agent.user_id, today=post.today)
    assert found.taken_id == first


def test_a_longer_file_with_a_line_taken_before_takes_it_once(post):
    bill, other = post.bill(4320), post.bill(100)
    post.take(HEAD + post.line(bill, "20"))
    post.take(HEAD + post.line(bill, "20") + post.line(other, "1"))
    assert post.state(bill) == (InvoiceState.PARTIAL, 2000)
    assert post.state(other) == (InvoiceState.SETTLED, 100)


def test_what_changed_since_the_dry_run_is_judged_again(post):
    bill = post.bill(4320)
    key = post.keep(HEAD + post.line(bill, "43,20"))
    post.receive(4320)
    post.apply(key)
    assert post.state(bill) == (InvoiceState.SETTLED, 4320)
    assert post.lines() == [(2, False, "Cette facture est déjà soldée le 12/01/2027.")]


def test_a_fault_half_way_loses_nothing_and_takes_nothing_twice(post, monkeypatch):
    """A cut in the second transaction of three: what it began is undone, the file goes on from there."""
    bills = [post.bill(1000) for _ in range(3)]
    key = post.keep(HEAD + "".join(post.line(bill, "6") for bill in bills) + post.line(bills[0], "6"))
    real, calls = payments.by_treasury, []

    def failing(*arguments):
        calls.append(1)
        made = real(*arguments)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return made

    monkeypatch.setattr(payments, "by_treasury", failing)
    monkeypatch.setattr(treasury_imports, "CHUNK", 1)
    with pytest.raises(RuntimeError):
        post.apply(key)
    assert [post.state(bill)[1] for bill in bills] == [600, 0, 0]
    waiting = [(number, said) for number, _, said in post.lines() if not said]
    assert waiting == [(3, ""), (4, ""), (5, "")]
    with post.app.app_context():
        import_id = post.world.one(TreasuryImport).id
        assert treasury_queries.taken_file(import_id)[0].waiting == 3
        assert treasury_imports.rejected(import_id).content.count(b"\r\n") == 1
    assert post.apply(key) == import_id
    assert [post.state(bill)[1] for bill in bills] == [600, 600, 600]
    assert post.lines()[-1] == (5, False, "Cette ligne répète la ligne 2.")


def test_a_long_file_goes_on_when_asked(post, monkeypatch):
    bills = [post.bill(1000) for _ in range(3)]
    monkeypatch.setattr(treasury_imports, "CHUNK", 1)
    monkeypatch.setattr(treasury_imports, "PER_REQUEST", 2)
    made = post.take(HEAD + "".join(post.line(bill, "10") for bill in bills))
    assert [post.state(bill)[1] for bill in bills] == [1000, 1000, 0]
    for _ in range(2):
        with post.app.app_context():
            treasury_imports.go_on(made, author=post.agent, now=post.world.now)
    assert [post.state(bill)[1] for bill in bills] == [1000, 1000, 1000]
    with post.app.app_context(), pytest.raises(NotFound):
        treasury_imports.go_on(made + 1, author=post.agent, now=post.world.now)


def test_every_encoding_and_separator_of_a_french_desk(post):
    bills = [post.bill(4320), post.bill(1000)]
    text = f'Référence,Montant,Date\n{post.reference(bills[0])},"43,20",12/01/2027\n'
    post.take(text.encode("cp1252"))
    post.take("\ufeff" + HEAD + post.line(bills[1], "10,00 €").replace("\n", "\r\n"))
    assert {post.state(bill)[0] for bill in bills} == {InvoiceState.SETTLED}


def test_a_file_of_a_colleague_is_unknown(post):
    key = post.keep(HEAD + "X;1;12/01/2027\n")
    other = post.world.staff()
    with post.app.app_context(), pytest.raises(NotFound):
        treasury_imports.examine(key, owner_id=other.id, today=post.today)


def test_a_file_without_the_columns_is_refused(post):
    with pytest.raises(Refused) as refusal:
        post.keep("Facture;Somme\nX;1\n")
    assert refusal.value.code == "treasury_columns"


def test_no_export_starts_a_formula(post):
    made = post.take(HEAD + "=1+1;43,20;12/01/2027\n@somme;-3;12/01/2027\n")
    with post.app.app_context():
        rows = treasury_imports.rejected(made).content.decode("utf-8-sig").splitlines()[1:]
    assert [row.split(";")[0] for row in rows] == ["'=1+1", "'@somme"]
    assert rows[1].split(";")[1] == "'-3"


def test_an_online_payment_is_confirmed_by_hand_too(post):
    bill = post.paid_online(700)
    assert post.confirm(bill) is None
    assert post.state(bill) == (InvoiceState.SETTLED, 700)
    assert post.world.all(OutgoingMail) == []
