"""Settlement models: what trades come to, which legs settle them, and what fails for want of something."""

from tanshu.clearing.models.chains import Legs, chain_of, legs
from tanshu.clearing.models.obligations import Owed, owed

__all__ = ["Legs", "Owed", "chain_of", "legs", "owed"]
