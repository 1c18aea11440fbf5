"""Priors p(w): what is believed of a parameter before the data."""

from ._base import Prior
from ._dropout import Dropout
from ._elastic_net import ElasticNet
from ._flat import Flat
from ._gamma import Gamma
from ._group import Group
from ._half_cauchy import HalfCauchy
from ._horseshoe import Horseshoe
from ._informed import Informed
from ._laplace import Laplace
from ._log_normal import LogNormal
from ._normal import Normal
from ._student_t import StudentT

__all__ = [
    "PRIORS",
    "Dropout",
    "ElasticNet",
    "Flat",
    "Gamma",
    "Group",
    "HalfCauchy",
    "Horseshoe",
    "Informed",
    "Laplace",
    "LogNormal",
    "Normal",
    "Prior",
    "StudentT",
]

PRIORS: dict[str, type[Prior]] = {
    "flat": Flat,
    "normal": Normal,
    "laplace": Laplace,
    "elastic_net": ElasticNet,
    "student_t": StudentT,
    "horseshoe": Horseshoe,
    "group": Group,
    "gamma": Gamma,
    "log_normal": LogNormal,
    "half_cauchy": HalfCauchy,
    "dropout": Dropout,
}
