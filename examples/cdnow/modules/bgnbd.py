"""The BG/NBD model of repeat purchases.

Customers buy at random (a Poisson process each, rates gamma-distributed with shape `r` and scale `alpha`) and leave
for good after any purchase with a probability of their own (beta-distributed with `a` and `b`). Fader, Hardie and Lee
(2005), "'Counting Your Customers' the Easy Way: An Alternative to the Pareto/NBD Model", Marketing Science 24(2).

All functions take arrays, one value per customer: `frequency` (repeat purchases), `recency` (time of the latest
purchase) and `age`, both counted from the first purchase, in one unit of time.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln, hyp2f1


class Parameters(NamedTuple):
    """The four parameters; all are positive."""

    r: float
    alpha: float
    a: float
    b: float


def log_likelihood(parameters, frequency, recency, age):
    """Log-likelihood of the customers' histories, summed (equation 6 of the paper)."""
    r, alpha, a, b = parameters
    common = gammaln(r + frequency) - gammaln(r) + r * np.log(alpha)
    staying = betaln(a, b + frequency) - betaln(a, b) - (r + frequency) * np.log(alpha + age)
    leaving = np.full(len(frequency), -np.inf)  # who never came back can't have left after a repeat purchase
    again = frequency > 0
    x = frequency[again]
    leaving[again] = betaln(a + 1, b + x - 1) - betaln(a, b) - (r + x) * np.log(alpha + recency[again])
    return float(np.sum(common + np.logaddexp(staying, leaving)))


def fit(frequency, recency, age):
    """The parameters of greatest likelihood, and the log-likelihood there."""
    frequency, recency, age = (np.asarray(values, dtype=float) for values in (frequency, recency, age))

    def cost(logs):  # of the parameters' logarithms, so that every step of the search is a valid set of parameters
        return -log_likelihood(np.exp(logs), frequency, recency, age) / len(frequency)

    limits = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 5000, "maxfev": 5000}
    found = minimize(cost, np.zeros(4), method="Nelder-Mead", options=limits)
    if not found.success:
        raise RuntimeError(f"the fit did not converge: {found.message}")
    parameters = Parameters(*(float(value) for value in np.exp(found.x)))
    return parameters, log_likelihood(parameters, frequency, recency, age)


def alive(parameters, frequency, recency, age):
    """Probability that each customer is one still."""
    r, alpha, a, b = parameters
    x = np.maximum(frequency, 1)
    log_odds_gone = np.log(a) - np.log(b + x - 1) + (r + x) * (np.log(alpha + age) - np.log(alpha + recency))
    return np.where(frequency > 0, expit(-log_odds_gone), 1.0)


def expected_purchases(parameters, t, frequency, recency, age):
    """Purchases to expect of each customer in the next `t` (equation 10 of the paper)."""
    r, alpha, a, b = parameters
    x = frequency
    shrink = np.exp((r + x) * (np.log(alpha + age) - np.log(alpha + age + t)))
    series = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + age + t))
    return (a + b + x - 1) / (a - 1) * (1 - shrink * series) * alive(parameters, frequency, recency, age)
