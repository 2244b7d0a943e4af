"""How every scenario's job says no."""

from tanshu.job import Refusals
from tanshu.scenario import checks

REFUSALS = Refusals(checks.NOT_THIS_SCENARIO, checks.UNFINISHED, checks.STEP_REFUSED)
