# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "scipy"]
# ///
from andon import dataset, read
from bgnbd import Parameters, alive, expected_purchases

WEEKS = 13


@dataset(
    owner="ben",
    description="What each customer is expected to buy in the 13 weeks after the end of the data.",
    tags=["customers"],
    key="customer_id",
    columns={
        "customer_id": "Number of the customer in the shop system",
        "alive": "Probability of being a customer still",
        "expected_purchases": "Purchases to expect in the next 13 weeks",
        "expected_revenue": "Revenue to expect in the next 13 weeks, at the customer's mean value of a purchase",
    },
    checks="""
        alive 0..1
        expected_purchases >= 0
        customer_id -> marts.rfm
        avg(expected_purchases) 0.01..2 warn
    """,
    caveats=[{"text": "The model knows no seasons: December is underestimated.", "id": "no_seasons"}],
    lineage={
        "customer_id": "rfm.customer_id",
        "alive": ["rfm.frequency", "rfm.recency", "rfm.age", "model.r", "model.alpha", "model.a", "model.b"],
        "expected_purchases": ["rfm.frequency", "rfm.recency", "rfm.age", "model.r", "model.alpha", "model.a", "model.b"],
        "expected_revenue": [
            "rfm.frequency", "rfm.recency", "rfm.age", "rfm.monetary", "model.r", "model.alpha", "model.a", "model.b"
        ],
        "*": [],
    },
)
def predictions(rfm=read("marts.rfm"), model=read("marts.purchase_model")):
    parameters = Parameters(*model.project("r, alpha, a, b").fetchone())
    columns = rfm.fetchnumpy()
    history = (columns["frequency"], columns["recency"], columns["age"])
    purchases = expected_purchases(parameters, WEEKS, *history)
    return {
        "customer_id": columns["customer_id"],
        "alive": alive(parameters, *history),
        "expected_purchases": purchases,
        "expected_revenue": purchases * columns["monetary"],
    }
