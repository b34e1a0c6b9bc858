# /// script
# requires-python = ">=3.11"
# dependencies = ["marimo", "matplotlib", "numpy", "scipy"]
# ///
import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")


@app.cell
def _():
    import andon
    import marimo as mo
    import matplotlib.pyplot as plt
    import numpy as np
    from scipy.special import betaln, gammaln

    return andon, betaln, gammaln, mo, np, plt


@app.cell
def _(mo):
    mo.md(
        """
        # Does the model fit?

        The BG/NBD model was fitted on the purchases up to the end of September 1997. It says of each customer how likely
        0, 1, 2 … repeat purchases by then were; summed over all customers that is how many customers to expect in each
        bar. It is the plot that every text on the model shows (Fader, Hardie and Lee 2005, figure 2).
        """
    )
    return


@app.cell
def _(andon):
    lake = andon.open()
    most = andon.parameter("most", 7, "the last bar: so many repeat purchases, and more")
    customers = lake.sql("select frequency, age from marts.calibration order by customer_id").fetchall()
    r, alpha, a, b = lake.sql("select r, alpha, a, b from marts.purchase_model").fetchone()
    return a, alpha, b, customers, most, r


@app.cell
def _(a, alpha, b, betaln, gammaln, np, r):
    def probability(x, t):
        """Of x repeat purchases in a time t (equation 8 of the paper), for an array of times."""
        spread, slow = np.log(t / (alpha + t)), r * np.log(alpha / (alpha + t))
        j = np.arange(x)[:, None]
        before = np.exp(slow + gammaln(r + j) - gammaln(r) - gammaln(j + 1) + j * spread).sum(axis=0)
        here = gammaln(r + x) - gammaln(r) - gammaln(x + 1) + slow + x * spread
        staying = np.exp(betaln(a, b + x) - betaln(a, b) + here)
        if x == 0:
            return staying
        return staying + np.exp(betaln(a + 1, b + x - 1) - betaln(a, b)) * (1 - before)

    return (probability,)


@app.cell
def _(customers, most, np, probability):
    frequency, age = (np.array(column, dtype=float) for column in zip(*customers))
    actual = [int((frequency == x).sum()) for x in range(most)]
    actual.append(len(customers) - sum(actual))
    expected = [float(probability(x, age).sum()) for x in range(most)]
    expected.append(len(customers) - sum(expected))
    bars = [f"{x}" for x in range(most)] + [f"{most}+"]
    return actual, bars, expected


@app.cell
def _(actual, bars, expected, np, plt):
    places = np.arange(len(bars))
    figure, axes = plt.subplots(figsize=(7, 4))
    axes.bar(places - 0.2, actual, 0.4, label="actual")
    axes.bar(places + 0.2, expected, 0.4, label="expected")
    axes.set_xticks(places, bars)
    axes.set_xlabel("repeat purchases until the end of September 1997")
    axes.set_ylabel("customers")
    axes.legend()
    axes
    return


@app.cell
def _(actual, andon, bars, expected):
    table = [
        {"purchases": bar, "actual": seen, "expected": round(model, 1)} for bar, seen, model in zip(bars, actual, expected)
    ]
    andon.keep("customers_by_purchases", table)
    andon.keep("largest_miss", round(max(abs(seen - model) for seen, model in zip(actual, expected)), 1))
    return


if __name__ == "__main__":
    app.run()
