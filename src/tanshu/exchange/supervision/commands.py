"""What people ask of supervision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tanshu.base.text import Text
from tanshu.exchange.supervision.model import Alert
from tanshu.parties.model import Document


@dataclass(frozen=True, slots=True)
class RecordOwner:
    """Who controls a participant 实际控制人. owner blank: nobody else, any more. basis: how that is known."""

    handle: str
    owner: str
    basis: str


@dataclass(frozen=True, slots=True)
class RecordAlerts:
    """What the rules found on one day of a market, read up to its entry `upto`, with whose thresholds."""

    market: str
    day: date
    upto: int
    pack: str
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Look into alerts of one market. note: what it is about."""

    alerts: tuple[str, ...]
    note: str
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class ActOnCase:
    """One act of a case: see Kind. handle: at whom it is aimed."""

    case: str
    kind: str
    note: str
    handle: str = ""
    alerts: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmAct:
    """A second person's word on what waits; not accepted, it comes to nothing."""

    case: str
    accept: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class EndCase:
    """dismiss: there was nothing in it; else the case is closed with what was done."""

    case: str
    note: str
    dismiss: bool = False


class Kind(StrEnum):
    """Acts. The two measures, and lifting them, need a second person."""

    OPEN = "open"
    ATTACH = "attach"
    REMIND = "remind"
    WARN = "warn"
    RESTRICT = "restrict"
    SUSPEND = "suspend"
    LIFT_RESTRICT = "lift-restrict"
    LIFT_SUSPEND = "lift-suspend"
    CONFIRM = "confirm"
    DECLINE = "decline"
    DISMISS = "dismiss"
    CLOSE = "close"


KIND_LABELS = {
    Kind.OPEN: Text("立案", "opened"),
    Kind.ATTACH: Text("补充材料", "evidence added"),
    Kind.REMIND: Text("提示", "reminder"),
    Kind.WARN: Text("警示函", "letter of warning"),
    Kind.RESTRICT: Text("限制交易", "restriction of trading"),
    Kind.SUSPEND: Text("暂停交易", "suspension"),
    Kind.LIFT_RESTRICT: Text("解除限制", "end of the restriction"),
    Kind.LIFT_SUSPEND: Text("解除暂停", "end of the suspension"),
    Kind.CONFIRM: Text("复核同意", "confirmed"),
    Kind.DECLINE: Text("复核退回", "declined"),
    Kind.DISMISS: Text("撤案", "dismissed"),
    Kind.CLOSE: Text("结案", "closed"),
}
ASKED = (
    Kind.ATTACH, Kind.REMIND, Kind.WARN, Kind.RESTRICT, Kind.SUSPEND, Kind.LIFT_RESTRICT, Kind.LIFT_SUSPEND,
)  # fmt: skip
"""Acts that ActOnCase may ask for."""
MEASURES = {Kind.RESTRICT: Kind.LIFT_RESTRICT, Kind.SUSPEND: Kind.LIFT_SUSPEND}
"""What stays in force until it is lifted, by what."""
BY_TWO = (*MEASURES, *MEASURES.values())
