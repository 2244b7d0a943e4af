"""`tanshu onboard`: applications for an account, from the counter to the open account, and who is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli import onboarding_changes, onboarding_years
from tanshu.cli.door import Door, command, group
from tanshu.cli.onboarding_files import VaultOption, today
from tanshu.cli.output import BAD, GOOD, Chip, Facts, Line, Part, Reply, Table, number_column, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.book.commit import Answer
    from tanshu.parties.onboarding.model import Application, FiledForm

app = group("开户申请、变更与年度复核 · applications, changes, yearly reviews")

IdArgument = Annotated[str, typer.Argument(metavar="APPLICATION", help="申请编号 · its id")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="申请文件 · the form, TOML or JSON")]
CommentOption = Annotated[str, typer.Option("--comment", help="意见,写入日志 · why, kept in the log")]

APPLICATIONS = (
    text_column("申请", "application"),
    text_column("申请人", "applicant"),
    text_column("名称", "name", fold=True),
    text_column("状态", "state"),
    number_column("次", "round"),
    text_column("审核期限", "due"),
)
PAPERS = (text_column("材料", "paper"), number_column("字节", "bytes"), text_column("SHA-256", "sha256"))
STEPS = (
    number_column("次", "round"),
    text_column("步骤", "stage"),
    text_column("结论", "verdict"),
    text_column("经办", "person"),
    text_column("代", "for"),
    text_column("意见", "comment", fold=True),
)


def add_to(root: typer.Typer) -> None:
    onboarding_changes.add_to(app)
    onboarding_years.add_to(app)
    root.add_typer(app, name="onboard")


@command(app, "apply", "录入开户申请 · enter an application", writes=True)
def apply(door: Door, file: FileArgument, vault: VaultOption = None) -> Reply:
    """By a maker of the registry. Papers and personal data go into the vault, their hashes into the log."""
    from tanshu.base.vault import Vault, folder_for
    from tanshu.cli.onboarding_files import read_form
    from tanshu.parties.onboarding import service
    from tanshu.parties.onboarding.model import Apply

    key = door.key_for()
    form = read_form(file, Vault(folder_for(door.url, vault)), key, door.lang)
    return _answered(*replace(door, key=key.hex()).do(service.apply, Apply(form)))


@command(app, "resubmit", "补正后重新提交 · submit a returned application again", writes=True)
def resubmit(door: Door, application: IdArgument, file: FileArgument, vault: VaultOption = None) -> Reply:
    """The reviews begin anew; what was handed in before stays beside it."""
    from tanshu.base.vault import Vault, folder_for
    from tanshu.cli.onboarding_files import read_form
    from tanshu.parties.onboarding import service
    from tanshu.parties.onboarding.model import Resubmit

    key = door.key_for()
    form = read_form(file, Vault(folder_for(door.url, vault)), key, door.lang)
    return _answered(*replace(door, key=key.hex()).do(service.resubmit, Resubmit(application, form)))


@command(app, "list", "列出申请 · list applications")
def list_applications(
    door: Door,
    everything: Annotated[bool, typer.Option("--all", help="含已办结 · those that ended, too")] = False,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="只看逾期未审 · only those that are late")
    ] = False,
    on: Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="以哪一天计 · as of a day")] = "",
) -> Reply:
    """What waits for a review or for the applicant, and whether it is late."""
    from tanshu.parties.onboarding import law, queries
    from tanshu.parties.onboarding.model import IN_PROGRESS

    day = today(door, on)
    with door.reading() as (conn, _):
        found = queries.applications(conn, states=() if everything else IN_PROGRESS)
        if overdue:
            found = queries.overdue(conn, day)
        forms = [queries.form(conn, one) for one in found]
        note = law.of(conn).note
    data = [_application_json(one, form, day) for one, form in zip(found, forms, strict=True)]
    rows = [_application_row(one, form, day) for one, form in zip(found, forms, strict=True)]
    count = Line(Text(f"共 {len(found)} 件", f"{len(found)} applications"), "dim")
    noted: list[Part] = [Line(note, "dim")] if note else []
    return Reply({"on": day, "applications": data, "note": note}, (Table(APPLICATIONS, rows), count, *noted))


@command(app, "show", "查看申请 · show an application")
def show(door: Door, application: IdArgument) -> Reply:
    """What it says, which papers came with it, and who reviewed it."""
    from tanshu.parties.onboarding import queries

    day = today(door, "")
    with door.reading() as (conn, _):
        found = need(queries.application(conn, application))
        form = queries.form(conn, found)
        papers = queries.documents(conn, found)
        steps = queries.steps(conn, found)
    data = {
        **_application_json(found, form, day),
        "kind": form.kind,
        "region": form.region,
        "listed_year": form.listed_year,
        "accounts": list(form.accounts),
        "people": [{"person": one.handle, "rights": list(one.rights)} for one in form.people],
        "bank": {"bank": form.bank, "last4": form.bank_last4, "sha256": form.bank_sha256},
        "contact_sha256": form.contact_sha256,
        "entered_by": form.person,
        "documents": [{"kind": one.kind, "sha256": one.sha256, "size": one.size} for one in papers],
        "reviews": [
            {
                "round": one.round,
                "stage": one.stage,
                "verdict": one.verdict,
                "person": one.person,
                "acting_for": one.acting_for or None,
                "comment": one.comment,
                "seq": one.seq,
            }
            for one in steps
        ],
    }
    return Reply(data, _shown(found, form, data, day))


@command(app, "review", "初审通过 · pass the first review", writes=True)
def review(door: Door, application: IdArgument, comment: CommentOption = "") -> Reply:
    """By a maker of the registry."""
    return _review(door, application, "first", "pass", comment)


@command(app, "approve", "复审通过并开户 · pass the second review: the accounts open", writes=True)
def approve(door: Door, application: IdArgument, comment: CommentOption = "") -> Reply:
    """By a checker of the registry who had no part in it before."""
    return _review(door, application, "second", "pass", comment)


@command(app, "return", "退回补正 · return for completion", writes=True)
def send_back(door: Door, application: IdArgument, comment: CommentOption = "") -> Reply:
    """At one's own stage, with the reason."""
    return _review(door, application, "", "return", comment)


@command(app, "refuse", "不予开户 · refuse", writes=True)
def refuse(door: Door, application: IdArgument, comment: CommentOption = "") -> Reply:
    """At one's own stage, with the reason."""
    return _review(door, application, "", "refuse", comment)


@command(app, "withdraw", "撤回申请 · take an application back", writes=True)
def withdraw(door: Door, application: IdArgument) -> Reply:
    """At the applicant's word, by a maker of the registry."""
    from tanshu.parties.onboarding import service
    from tanshu.parties.onboarding.model import Withdraw

    return _answered(*door.do(service.withdraw, Withdraw(application)))


@command(app, "document", "从资料库取出材料 · take a paper out of the vault")
def document(
    door: Door,
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="散列 · its hash")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="输出文件 · where to write it")],
    vault: VaultOption = None,
) -> Reply:
    """Its hash is checked; a paper that was forgotten is refused."""
    from tanshu.base.refusal import Refused
    from tanshu.base.vault import Vault, folder_for
    from tanshu.cli.checks import NOT_WRITTEN

    data = Vault(folder_for(door.url, vault)).get(sha256)
    try:
        out.write_bytes(data)
    except OSError as error:
        raise Refused(NOT_WRITTEN(field="out", path=out, why=error.strerror)) from None
    return Reply(
        {"sha256": sha256, "size": len(data), "file": str(out)},
        (Line(Text(f"材料已写入 {out}", f"the paper is written to {out}")),),
    )


# -- words -------------------------------------------------------------------------------------------------


def _review(door: Door, id: str, stage: str, verdict: str, comment: str) -> Reply:
    """stage "": the one that the application waits for."""
    from tanshu.parties.onboarding import queries, service
    from tanshu.parties.onboarding.model import STAGE_OF, Review, Stage

    if not stage:
        with door.reading() as (conn, _):
            found = need(queries.application(conn, id))
        stage = STAGE_OF.get(found.state, Stage.FIRST)
    return _answered(*door.do(service.review, Review(id, stage, verdict, comment)))


def _answered(answer: Answer, key: bytes) -> Reply:
    from tanshu.parties.onboarding.model import APPLICATION_STATE_LABELS, ApplicationState

    state = APPLICATION_STATE_LABELS[ApplicationState(answer["state"])]
    rows: list[tuple[Text, object]] = [
        (Text("申请", "application"), answer["application"]),
        (Text("状态", "state"), state),
    ]
    for name, label in (
        ("due_on", Text("审核期限", "to be reviewed by")),
        ("subject", Text("主体", "subject")),
        ("acting_for", Text("代", "acting for")),
    ):
        if answer.data.get(name):
            rows.append((label, answer[name]))
    opened = answer.data.get("accounts")
    if opened:
        codes = ", ".join(f"{kind} {code}" for kind, code in opened.items())
        rows.append((Text("账户", "accounts"), codes))
    return accepted(answer, key, *rows)


def _application_json(one: Application, form: FiledForm, day: date) -> dict[str, object]:
    return {
        "application": one.id,
        "applicant": one.handle,
        "name": form.name,
        "state": one.state,
        "round": one.round,
        "due_on": one.due_on,
        "overdue": one.is_overdue(day),
    }


def _application_row(one: Application, form: FiledForm, day: date) -> tuple[object, ...]:
    due = Chip(one.due_on, BAD) if one.is_overdue(day) else one.due_on
    return one.id, one.handle, form.name, _state(one), one.round, due


def _state(one: Application) -> Chip:
    from tanshu.parties.onboarding.model import APPLICATION_STATE_LABELS, ApplicationState

    styles = {ApplicationState.OPENED: GOOD, ApplicationState.REFUSED: BAD}
    return Chip(APPLICATION_STATE_LABELS[one.state], styles.get(one.state, "yellow"))


def _shown(one: Application, form: FiledForm, data: dict[str, object], day: date) -> Sequence[Part]:
    from tanshu.parties.model import SUBJECT_LABELS
    from tanshu.parties.onboarding.model import STAGE_LABELS, VERDICT_LABELS, Stage, Verdict
    from tanshu.parties.onboarding.papers import label

    listed = str(form.listed_year) if form.listed_year else Text("自愿参与", "voluntary")
    papers, reviews = data["documents"], data["reviews"]
    assert isinstance(papers, list) and isinstance(reviews, list)
    return (
        Facts(
            (
                (Text("申请", "application"), one.id),
                (Text("状态", "state"), _state(one)),
                (Text("审核期限", "to be reviewed by"), one.due_on),
                (Text("逾期", "late"), one.is_overdue(day)),
                (Text("申请人", "applicant"), one.handle),
                (Text("名称", "name"), form.name),
                (Text("类别", "kind"), SUBJECT_LABELS[form.kind]),
                (Text("名录年度", "on the list of"), listed),
                (Text("账户", "accounts"), list(form.accounts)),
                (Text("经办人", "role holders"), [p.handle for p in form.people]),
                (Text("开户行", "bank"), f"{form.bank} …{form.bank_last4}"),
                (Text("录入", "entered by"), form.person),
            )
        ),
        Table(PAPERS, [(label(p["kind"]), p["size"], p["sha256"]) for p in papers], Text("材料", "papers")),
        Table(
            STEPS,
            [
                (
                    r["round"],
                    STAGE_LABELS[Stage(r["stage"])],
                    VERDICT_LABELS[Verdict(r["verdict"])],
                    r["person"],
                    r["acting_for"],
                    r["comment"],
                )
                for r in reviews
            ],
            Text("审核", "reviews"),
        ),
    )
