# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "scipy"]
# ///
from andon import dataset, read
from bgnbd import fit


@dataset(
    owner="ben",
    description="The fitted BG/NBD model of repeat purchases; time in weeks.",
    tags=["research"],
    columns={
        "r": "Shape of the purchase rates",
        "alpha": "Scale of the purchase rates",
        "a": "First parameter of the chance to leave after a purchase",
        "b": "Second parameter of the chance to leave after a purchase",
        "log_likelihood": "Log-likelihood of the calibration data at these parameters",
        "customers": "Customers that the model was fitted on",
    },
    checks="""
        rows = 1
        r > 0 and alpha > 0 and a > 0 and b > 0
        log_likelihood < 0
    """,
    lineage={
        "r": ["calibration.frequency", "calibration.recency", "calibration.age"],
        "alpha": ["calibration.frequency", "calibration.recency", "calibration.age"],
        "a": ["calibration.frequency", "calibration.recency", "calibration.age"],
        "b": ["calibration.frequency", "calibration.recency", "calibration.age"],
        "log_likelihood": ["calibration.frequency", "calibration.recency", "calibration.age"],
        "customers": [],
        "*": [],
    },
)
def purchase_model(calibration=read("marts.calibration")):
    columns = calibration.fetchnumpy()
    parameters, log_likelihood = fit(columns["frequency"], columns["recency"], columns["age"])
    # Six digits are far more than the data decide, and the same on every machine.
    rounded = {name: round(value, 6) for name, value in parameters._asdict().items()}
    return [{**rounded, "log_likelihood": round(log_likelihood, 4), "customers": len(columns["frequency"])}]
